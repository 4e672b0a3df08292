// Attention over keys and values that lie in blocks: a token at a time for decoding, tiles of tokens for prompts.
//
// The softmax is taken while keys pass by (Milakov and Gimelshein 2018, arXiv:1805.02867; in tiles: Dao et al. 2022,
// arXiv:2205.14135), to the base 2: the factor log2(e) is in the queries.
#include "attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lanes.h"

namespace samovar {

namespace {

constexpr float NOTHING = -1e30f;  // a score that is hidden; finite, so that a row without keys makes no NaN
constexpr int TILE_KEYS = 64;

std::int64_t place(Memory const& memory, std::int64_t layer, std::int64_t block, std::int64_t head) {
    return ((layer * memory.num_blocks + block) * memory.num_heads + head) * S;
}

void keep_row(Memory const& memory, void* rows, float* scales, std::int64_t row, float const* x) {
    std::int64_t width = memory.width;
    if (memory.store == Store::F32) {
        std::memcpy(static_cast<float*>(rows) + row * width, x, width * sizeof(float));
    } else if (memory.store == Store::BF16) {
        auto* out = static_cast<std::uint16_t*>(rows) + row * width;
        for (std::int64_t i = 0; i < width; ++i) out[i] = to_bfloat16(x[i]);
    } else {
        float most = 0.0f;
        for (std::int64_t i = 0; i < width; ++i) most = std::max(most, std::fabs(x[i]));
        auto* out = static_cast<std::int8_t*>(rows) + row * width;
        scales[row] = most / 127.0f;
        float to_int = most > 0.0f ? 127.0f / most : 0.0f;
        for (std::int64_t i = 0; i < width; ++i) out[i] = static_cast<std::int8_t>(std::nearbyint(x[i] * to_int));
    }
}

// `count` rows from `row` on as float32, scaled.
void unpack_rows(Memory const& memory, void const* rows, float const* scales, std::int64_t row, std::int64_t count,
                 float* out) {
    std::int64_t width = memory.width, first = row * width, size = count * width;
    if (memory.store == Store::F32) {
        std::memcpy(out, static_cast<float const*>(rows) + first, size * sizeof(float));
    } else if (memory.store == Store::BF16) {
        auto const* from = static_cast<std::uint16_t const*>(rows) + first;
        for (std::int64_t i = 0; i < size; i += LANES) store(out + i, load_bfloat16(from + i));
    } else {
        auto const* from = static_cast<std::int8_t const*>(rows) + first;
        for (std::int64_t s = 0; s < count; ++s) {
            Floats scale = all(scales[row + s]);
            for (std::int64_t i = s * width; i < (s + 1) * width; i += LANES) store(out + i, load_int8(from + i) * scale);
        }
    }
}

// How LANES numbers of a row are read: converted as they are needed, without a copy.
struct FromFloat {
    using Number = float;
    static Floats read(Number const* from) { return load(from); }
};
struct FromBfloat {
    using Number = std::uint16_t;
    static Floats read(Number const* from) { return load_bfloat16(from); }
};
struct FromInt8 {
    using Number = std::int8_t;
    static Floats read(Number const* from) { return load_int8(from); }
};

// One head's keys or values at S positions.
template <class From>
struct Block {
    typename From::Number const* rows_SA;
    float const* scale_S;  // of int8; else null
};

template <class From>
Block<From> block_of(Past const& past, std::int64_t number, std::int64_t head, bool is_value) {
    Memory const& memory = *past.memory;
    std::int64_t row = place(memory, past.layer, past.table_P[number], head);
    void const* rows = is_value ? memory.values_LPKSA : memory.keys_LPKSA;
    float const* scales = is_value ? memory.value_scale_LPKS : memory.key_scale_LPKS;
    return {static_cast<typename From::Number const*>(rows) + row * memory.width, scales ? scales + row : nullptr};
}

// Tell the processor that one head's keys or values of a block are needed soon: blocks lie anywhere, so that it cannot
// guess the next one.
void announce(Past const& past, std::int64_t number, std::int64_t head, bool is_value) {
    Memory const& memory = *past.memory;
    std::int64_t size = memory.width * (memory.store == Store::F32 ? 4 : memory.store == Store::BF16 ? 2 : 1);
    std::int64_t row = place(memory, past.layer, past.table_P[number], head);
    char const* at = static_cast<char const*>(is_value ? memory.values_LPKSA : memory.keys_LPKSA) + row * size;
    for (std::int64_t byte = 0; byte < S * size; byte += 64) __builtin_prefetch(at + byte, 0, 2);
}

// A past read from front to back: its blocks' keys head by head, then the values. Who reads a piece announces a later
// one.
class Reader {
   public:
    Reader(Past const& past, std::int64_t begin, std::int64_t end)
        : past_(past), begin_(begin), pieces_((end - begin) * past.heads) {
        while (announced_ < AHEAD) step();
    }
    void step() {
        std::int64_t i = announced_++;
        if (i >= 2 * pieces_) return;
        std::int64_t piece = i % pieces_;
        announce(past_, begin_ + piece / past_.heads, past_.head + piece % past_.heads, i >= pieces_);
    }

   private:
    static constexpr std::int64_t AHEAD = 4;  // the processor has no more than a few kilobytes under way

    Past const& past_;
    std::int64_t begin_, pieces_, announced_ = 0;
};

// scores_S = keys_SA query_A. C: vectors of a row where that is known when compiled, or 0.
template <int C, class From>
void score_block(float const* query_A, Block<From> const& key, std::int64_t width, float* scores_S) {
    std::int64_t vectors = C ? C : width / LANES;
    for (int begin = 0; begin < S; begin += LANES) {
        Floats products[LANES];
        for (int s = 0; s < LANES; ++s) {
            auto const* key_A = key.rows_SA + (begin + s) * width;
            Floats product = load(query_A) * From::read(key_A);
            for (std::int64_t c = 1; c < vectors; ++c) {
                product += load(query_A + c * LANES) * From::read(key_A + c * LANES);
            }
            products[s] = product;
        }
        Floats scores = sums(products);
        store(scores_S + begin, key.scale_S ? scores * load(key.scale_S + begin) : scores);
    }
}

// mixed_A += sum of share[s] values_SA[s] over s in [begin, end).
template <int C, class From>
void mix_block(float const* share_S, Block<From> const& value, std::int64_t width, int begin, int end, float* mixed_A) {
    constexpr int AT_ONCE = C ? C : 1;
    for (std::int64_t first = 0; first < width; first += AT_ONCE * LANES) {
        Floats mixed[AT_ONCE];
        for (int c = 0; c < AT_ONCE; ++c) mixed[c] = load(mixed_A + first + c * LANES);
        for (int s = begin; s < end; ++s) {
            Floats share = all(value.scale_S ? share_S[s] * value.scale_S[s] : share_S[s]);
            auto const* value_A = value.rows_SA + s * width + first;
            for (int c = 0; c < AT_ONCE; ++c) mixed[c] += share * From::read(value_A + c * LANES);
        }
        for (int c = 0; c < AT_ONCE; ++c) store(mixed_A + first + c * LANES, mixed[c]);
    }
}

// The softmax of n scores, n a multiple of LANES, not yet divided by its sum.
void to_shares(float* scores, std::int64_t n, float* most, float* total) {
    Floats high = all(NOTHING);
    for (std::int64_t i = 0; i < n; i += LANES) high = larger(high, load(scores + i));
    *most = largest(high);
    Floats added{}, subtracted = all(*most);
    for (std::int64_t i = 0; i < n; i += LANES) {
        Floats share = exp2(load(scores + i) - subtracted);
        store(scores + i, share);
        added += share;
    }
    *total = sum(added);
}

template <int C, class From>
void attend_token_of(Past const& past, float const* query_HA, std::int64_t group, std::int64_t first,
                     std::int64_t last, float* mixed_HA, float* most_H, float* total_H, Desk& desk) {
    std::int64_t width = past.memory->width, queries = past.heads * group;
    std::int64_t begin = first / S, end = (last + S - 1) / S;  // blocks
    std::int64_t length = (end - begin) * S, hidden = first - begin * S, seen = last - begin * S;
    float* scores = desk.scores.data();  // queries x length
    Reader reader(past, begin, end);
    for (std::int64_t block = begin; block < end; ++block) {
        for (std::int64_t h = 0; h < queries; h += group) {
            reader.step();
            auto const key = block_of<From>(past, block, past.head + h / group, false);
            for (std::int64_t g = h; g < h + group; ++g) {
                score_block<C>(query_HA + g * width, key, width, scores + g * length + (block - begin) * S);
            }
        }
    }
    for (std::int64_t g = 0; g < queries; ++g) {
        float* row = scores + g * length;
        std::fill(row, row + hidden, NOTHING);
        std::fill(row + seen, row + length, NOTHING);
        to_shares(row, length, most_H + g, total_H + g);
    }
    std::fill(mixed_HA, mixed_HA + queries * width, 0.0f);
    for (std::int64_t block = begin; block < end; ++block) {
        int from = block == begin ? static_cast<int>(hidden) : 0;
        int to = block == end - 1 ? static_cast<int>(seen - (block - begin) * S) : S;
        for (std::int64_t h = 0; h < queries; h += group) {
            reader.step();
            auto const value = block_of<From>(past, block, past.head + h / group, true);
            for (std::int64_t g = h; g < h + group; ++g) {
                float const* share_S = scores + g * length + (block - begin) * S;
                mix_block<C>(share_S, value, width, from, to, mixed_HA + g * width);
            }
        }
    }
    for (std::int64_t g = 0; g < queries; ++g) {
        float share = 1.0f / total_H[g];
        for (std::int64_t i = g * width; i < (g + 1) * width; ++i) mixed_HA[i] *= share;
    }
}

// The function for heads of this width.
template <class From>
auto* width_of(std::int64_t width) {
    switch (width) {
        case 2 * LANES: return &attend_token_of<2, From>;
        case 4 * LANES: return &attend_token_of<4, From>;
        case 8 * LANES: return &attend_token_of<8, From>;
        default: return &attend_token_of<0, From>;
    }
}

// c = a b, or c += a b: EIGHT rows of c, which like b has rows of ROWS numbers, of which V vectors are computed.
// The number at (r, k) of a lies at a[r * a_row + k * a_step].
constexpr int EIGHT = 8;
template <int V, bool ADDS>
void multiply_eight(float const* a, std::int64_t a_row, std::int64_t a_step, std::int64_t depth, float const* b,
                    float* c) {
    Floats sum[EIGHT][V];
    for (int r = 0; r < EIGHT; ++r) {
        for (int v = 0; v < V; ++v) sum[r][v] = ADDS ? load(c + r * ROWS + v * LANES) : Floats{};
    }
    for (std::int64_t k = 0; k < depth; ++k) {
        Floats row[V];
        for (int v = 0; v < V; ++v) row[v] = load(b + k * ROWS + v * LANES);
        for (int r = 0; r < EIGHT; ++r) {
            Floats factor = all(a[r * a_row + k * a_step]);
            for (int v = 0; v < V; ++v) sum[r][v] += factor * row[v];
        }
    }
    for (int r = 0; r < EIGHT; ++r) {
        for (int v = 0; v < V; ++v) store(c + r * ROWS + v * LANES, sum[r][v]);
    }
}

template <bool ADDS>
void multiply_rows(std::int64_t rows, std::int64_t columns, float const* a, std::int64_t a_row, std::int64_t a_step,
                   std::int64_t depth, float const* b, float* c) {
    constexpr int V = LANES == 16 ? 3 : 1;  // EIGHT * V sums stay in registers
    for (std::int64_t r = 0; r < rows; r += EIGHT) {
        std::int64_t done = 0;
        for (; done + V * LANES <= columns; done += V * LANES) {
            multiply_eight<V, ADDS>(a + r * a_row, a_row, a_step, depth, b + done, c + r * ROWS + done);
        }
        for (; done < columns; done += LANES) {
            multiply_eight<1, ADDS>(a + r * a_row, a_row, a_step, depth, b + done, c + r * ROWS + done);
        }
    }
}

// Keys and values of the blocks [begin, end) of the past, one after the other.
void gather(Past const& past, std::int64_t begin, std::int64_t end, Desk& desk) {
    Memory const& memory = *past.memory;
    for (std::int64_t block = begin; block < end; ++block) {
        std::int64_t row = place(memory, past.layer, past.table_P[block], past.head);
        std::int64_t to = (block - begin) * S * memory.width;
        unpack_rows(memory, memory.keys_LPKSA, memory.key_scale_LPKS, row, S, desk.keys.data() + to);
        unpack_rows(memory, memory.values_LPKSA, memory.value_scale_LPKS, row, S, desk.values.data() + to);
    }
}

// What of a tile's rows is known while keys pass by.
struct Rows {
    std::int64_t columns;  // rows of the tile, rounded up to whole vectors: they lie in columns
    float most[ROWS], total[ROWS], factor[ROWS];
    std::int32_t newest[ROWS];  // the last key that each may look at
    std::int32_t window;
};

// Scores become shares, column by column; factor says by what earlier sums shrink.
void pass_keys(float* scores, std::int64_t keys, std::int32_t first_key, bool is_hiding, Rows& rows) {
    for (std::int64_t column = 0; column < rows.columns; column += LANES) {
        Ints newest;
        std::memcpy(&newest, rows.newest + column, sizeof newest);
        Floats before = load(rows.most + column), most = before;
        for (std::int64_t key = 0; key < keys; ++key) {
            float* at = scores + key * ROWS + column;
            Floats score = load(at);
            if (is_hiding) {
                Ints age = newest - (first_key + static_cast<std::int32_t>(key));
                score = (age >= 0) & (age < rows.window) ? score : all(NOTHING);
                store(at, score);
            }
            most = larger(most, score);
        }
        Floats added{};
        for (std::int64_t key = 0; key < keys; ++key) {
            float* at = scores + key * ROWS + column;
            Floats share = exp2(load(at) - most);
            store(at, share);
            added += share;
        }
        Floats factor = exp2(before - most);
        store(rows.most + column, most);
        store(rows.factor + column, factor);
        store(rows.total + column, load(rows.total + column) * factor + added);
    }
}

void shrink(float* mixed, std::int64_t width, Rows const& rows) {
    for (std::int64_t a = 0; a < width; ++a) {
        for (std::int64_t column = 0; column < rows.columns; column += LANES) {
            float* at = mixed + a * ROWS + column;
            store(at, load(at) * load(rows.factor + column));
        }
    }
}

}  // namespace

Desk::Desk(std::int64_t width)
    : keys(TILE_KEYS * width),
      values(TILE_KEYS * width),
      query(ROWS * width),
      mixed(ROWS * width),
      scores(ROWS * (KEYS_AT_ONCE + 2 * S)) {}

void keep(Memory const& memory, std::int64_t layer, std::int64_t slot, std::int64_t head, float const* key_A,
          float const* value_A) {
    std::int64_t row = place(memory, layer, slot / S, head) + slot % S;
    keep_row(memory, memory.keys_LPKSA, memory.key_scale_LPKS, row, key_A);
    keep_row(memory, memory.values_LPKSA, memory.value_scale_LPKS, row, value_A);
}

void attend_token(Past const& past, float const* query_HA, std::int64_t group, std::int64_t first, std::int64_t last,
                  float* mixed_HA, float* most_H, float* total_H, Desk& desk) {
    Store store = past.memory->store;
    auto* attend = store == Store::F32    ? width_of<FromFloat>(past.memory->width)
                   : store == Store::BF16 ? width_of<FromBfloat>(past.memory->width)
                                          : width_of<FromInt8>(past.memory->width);
    attend(past, query_HA, group, first, last, mixed_HA, most_H, total_H, desk);
}

void attend_tokens(Past const& past, float const* query_GA, std::int64_t query_step, std::int64_t group,
                   std::int64_t tokens, std::int64_t position, std::int64_t window, float* mixed_GA,
                   std::int64_t mixed_step, Desk& desk) {
    std::int64_t width = past.memory->width, used = tokens * group;
    Rows rows;
    rows.columns = (used + LANES - 1) / LANES * LANES;
    rows.window = static_cast<std::int32_t>(window);
    float* query = desk.query.data();
    for (std::int64_t column = 0; column < rows.columns; ++column) {
        std::int64_t row = std::min(column, used - 1);  // columns to spare repeat the last one
        float const* from = query_GA + row / group * query_step + row % group * width;
        for (std::int64_t a = 0; a < width; ++a) query[a * ROWS + column] = from[a];
        rows.newest[column] = static_cast<std::int32_t>(position + row / group);
        rows.most[column] = NOTHING, rows.total[column] = 0.0f;
    }
    float* mixed = desk.mixed.data();
    std::fill(mixed, mixed + width * ROWS, 0.0f);
    std::int64_t last = position + tokens, first = std::max<std::int64_t>(0, position - window + 1);
    for (std::int64_t key = first / S * S; key < last; key += TILE_KEYS) {
        std::int64_t keys = std::min<std::int64_t>(TILE_KEYS, last - key);
        std::int64_t padded = (keys + EIGHT - 1) / EIGHT * EIGHT;
        gather(past, key / S, (key + keys + S - 1) / S, desk);
        for (std::int64_t next = key + TILE_KEYS; next < std::min(last, key + 2 * TILE_KEYS); next += S) {
            announce(past, next / S, past.head, false);
            announce(past, next / S, past.head, true);
        }
        multiply_rows<false>(padded, rows.columns, desk.keys.data(), width, 1, width, query, desk.scores.data());
        bool is_hiding = key + keys - 1 > position || key < last - window;
        pass_keys(desk.scores.data(), keys, static_cast<std::int32_t>(key), is_hiding, rows);
        if (key > first) shrink(mixed, width, rows);
        multiply_rows<true>(width, rows.columns, desk.values.data(), 1, width, keys, desk.scores.data(), mixed);
    }
    for (std::int64_t row = 0; row < used; ++row) {
        float* to = mixed_GA + row / group * mixed_step + row % group * width;
        float share = 1.0f / rows.total[row];
        for (std::int64_t a = 0; a < width; ++a) to[a] = mixed[a * ROWS + row] * share;
    }
}

void merge(std::int64_t pieces, std::int64_t queries, std::int64_t width, float const* mixed_NHA, float const* most_NH,
           float const* total_NH, float* mixed_HA) {
    for (std::int64_t h = 0; h < queries; ++h) {
        float most = NOTHING, total = 0.0f;
        for (std::int64_t n = 0; n < pieces; ++n) most = std::max(most, most_NH[n * queries + h]);
        float* out = mixed_HA + h * width;
        std::fill(out, out + width, 0.0f);
        for (std::int64_t n = 0; n < pieces; ++n) {
            float weight = total_NH[n * queries + h] * std::exp2(most_NH[n * queries + h] - most);
            float const* from = mixed_NHA + (n * queries + h) * width;
            for (std::int64_t a = 0; a < width; ++a) out[a] += weight * from[a];
            total += weight;
        }
        for (std::int64_t a = 0; a < width; ++a) out[a] /= total;
    }
}

}  // namespace samovar
