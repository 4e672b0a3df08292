// Attention over keys and values that lie in blocks.
//
// Letters: L layers, P blocks, K key-value heads, S positions of a block, A width of a head, G query heads that share a
// key-value head.
#pragma once

#include <cstdint>
#include <vector>

namespace samovar {

constexpr int S = 16;

enum class Store : std::int32_t { F32 = 0, BF16 = 1, INT8 = 2 };

// The cache of all layers, as engine/batch.py has it.
struct Memory {
    Store store;
    std::int64_t num_blocks, num_heads, width;  // P, K, A
    void* keys_LPKSA;
    void* values_LPKSA;
    float* key_scale_LPKS;  // INT8 alone
    float* value_scale_LPKS;
};

// Where the S rows of one head of a block begin, in the keys and in the values.
inline std::int64_t row_of(Memory const& memory, std::int64_t layer, std::int64_t block, std::int64_t head) {
    return ((layer * memory.num_blocks + block) * memory.num_heads + head) * S;
}

// Put the key and the value of one head of one token where they belong.
void keep(Memory const& memory, std::int64_t layer, std::int64_t slot, std::int64_t head, float const* key_A,
          float const* value_A);

// A few neighbouring key-value heads of one layer, as one sequence sees them.
struct Past {
    Memory const* memory;
    std::int64_t layer, head, heads;
    std::int32_t const* table_P;  // the sequence's blocks
};

// Keys that one piece of decoding looks at. A longer past is cut into such pieces whatever else is in the batch, so that
// an answer does not depend on its company.
constexpr int KEYS_AT_ONCE = 512;
// Rows of a tile: G query heads of ROWS / G tokens; and the most query heads that attend_token takes.
constexpr int ROWS = 48;

constexpr int TILE_KEYS = 64;       // that pass a tile of queries at a time
constexpr float NOTHING = -1e30f;  // a score that is hidden; finite, so that a row without keys makes no NaN

// Memory of a thread to work in. Keys, values and queries of tiles are float32 or pairs of bfloat16.
class Desk {
   public:
    explicit Desk(std::int64_t width);
    std::vector<float> keys, values;    // a few blocks
    std::vector<float> query, mixed;    // A x ROWS
    std::vector<float> scores;          // keys x ROWS, or ROWS x keys
};

// Mix the values at [first, last) for G queries of one token for each head; last - first <= KEYS_AT_ONCE, and H, all
// these queries, are at most ROWS.
//
// query_HA are multiplied already by the scale and by log2(e). mixed_HA is normalised; most_H and total_H tell how to
// merge it with what other keys gave: the largest score, and the sum of 2^(score - most).
void attend_token(Past const& past, float const* query_HA, std::int64_t group, std::int64_t first, std::int64_t last,
                  float* mixed_HA, float* most_H, float* total_H, Desk& desk);

// Of one head, mix the values for `tokens` tokens that follow each other, the first at `position`; tokens * group <= ROWS.
//
// Each looks at itself and at what came before it, up to `window` tokens. Query and result of the next token lie
// query_step and mixed_step numbers further on.
void attend_tokens(Past const& past, float const* query_GA, std::int64_t query_step, std::int64_t group,
                   std::int64_t tokens, std::int64_t position, std::int64_t window, float* mixed_GA,
                   std::int64_t mixed_step, Desk& desk);

// Join what the pieces of a past gave for H queries.
void merge(std::int64_t pieces, std::int64_t queries, std::int64_t width, float const* mixed_NHA, float const* most_NH,
           float const* total_NH, float* mixed_HA);

}  // namespace samovar
