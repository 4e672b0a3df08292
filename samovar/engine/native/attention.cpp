// The cache, and attention of one token over it: decoding.
//
// The softmax is to the base 2: the factor log2(e) is in the queries.
#include "attention.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lanes.h"

namespace samovar {

namespace {

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
    float const* scale_S;               // of int8; else null
    typename From::Number const* later;  // another such, needed soon
};

// A past read from front to back: its blocks' keys head by head, then the values.
//
// Blocks lie anywhere, so that the processor cannot guess the next one; who reads a line of one asks for the same line of
// one a few kilobytes later. Asked for all at once, lines would wait for each other, and into the nearest cache only a
// few may be under way: both together bring keys and values of scattered blocks twice as fast.
template <class From>
class Reader {
   public:
    Reader(Past const& past, std::int64_t begin, std::int64_t end)
        : past_(past), begin_(begin), pieces_((end - begin) * past.heads) {}

    Block<From> next() {
        std::int64_t row = row_of(number_), later = row_of(std::min(number_ + AHEAD, 2 * pieces_ - 1));
        bool is_value = number_ >= pieces_, is_later_value = number_ + AHEAD >= pieces_;
        ++number_;
        float const* scales = is_value ? past_.memory->value_scale_LPKS : past_.memory->key_scale_LPKS;
        return {at(row, is_value), scales ? scales + row : nullptr, at(later, is_later_value)};
    }

   private:
    static constexpr std::int64_t AHEAD = 6;

    std::int64_t row_of(std::int64_t number) const {
        std::int64_t piece = number % pieces_;
        return samovar::row_of(*past_.memory, past_.layer, past_.table_P[begin_ + piece / past_.heads],
                               past_.head + piece % past_.heads);
    }
    typename From::Number const* at(std::int64_t row, bool is_value) const {
        void const* rows = is_value ? past_.memory->values_LPKSA : past_.memory->keys_LPKSA;
        return static_cast<typename From::Number const*>(rows) + row * past_.memory->width;
    }

    Past const& past_;
    std::int64_t begin_, pieces_, number_ = 0;
};

constexpr std::int64_t LINE = 64;  // bytes that the processor reads at once

// Ask for a row of a block.
template <class Number>
void ask(Number const* row_A, std::int64_t width) {
    for (std::int64_t i = 0; i < width; i += LINE / sizeof(Number)) __builtin_prefetch(row_A + i, 0, 2);
}

// scores_S = keys_SA query_A. C: vectors of a row where that is known when compiled, or 0.
template <int C, class From>
void score_block(float const* query_A, Block<From> const& key, std::int64_t width, float* scores_S) {
    std::int64_t vectors = C ? C : width / LANES;
    for (int begin = 0; begin < S; begin += LANES) {
        Floats products[LANES];
        for (int s = 0; s < LANES; ++s) {
            auto const* key_A = key.rows_SA + (begin + s) * width;
            ask(key.later + (begin + s) * width, width);
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
            ask(value.later + s * width + first, AT_ONCE * LANES);
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
    Reader<From> reader(past, begin, end);
    for (std::int64_t block = begin; block < end; ++block) {
        for (std::int64_t h = 0; h < queries; h += group) {
            auto const key = reader.next();
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
            auto const value = reader.next();
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

}  // namespace

Desk::Desk(std::int64_t width)
    : keys(TILE_KEYS * width),
      values(TILE_KEYS * width),
      query(ROWS * width),
      mixed(ROWS * width),
      scores(ROWS * (KEYS_AT_ONCE + 2 * S)) {}

void keep(Memory const& memory, std::int64_t layer, std::int64_t slot, std::int64_t head, float const* key_A,
          float const* value_A) {
    std::int64_t row = row_of(memory, layer, slot / S, head) + slot % S;
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
