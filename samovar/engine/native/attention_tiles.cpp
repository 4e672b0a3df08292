// Attention of many tokens at once: prompts.
//
// Tiles of queries stand still while keys pass by, and the softmax is taken on the way (Milakov and Gimelshein 2018,
// arXiv:1805.02867; in tiles: Dao et al. 2022, arXiv:2205.14135), to the base 2: the factor log2(e) is in the queries.
// Everything is transposed: a vector holds LANES queries, and a product multiplies it with one unit of a key or a value.
// A unit is a float32; or two bfloat16, where the processor multiplies and adds such pairs.
#include <algorithm>
#include <cstring>

#include "attention.h"
#include "lanes.h"

namespace samovar {

namespace {

constexpr int EIGHT = 8;  // rows of a product that are computed together
static_assert(S % EIGHT == 0 && TILE_KEYS % S == 0);

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

// Units of one number.
struct Singles {
    static constexpr std::int64_t NUMBERS = 1;

    static Floats join(Floats const* x) { return x[0]; }
    static Floats multiply_add(float const* unit, Floats x, Floats sum) { return sum + *unit * x; }
    // One head's keys and values of a block, of which `seen` positions are written.
    static void gather(Memory const& memory, std::int64_t row, std::int64_t, float* keys, float* values) {
        unpack_rows(memory, memory.keys_LPKSA, memory.key_scale_LPKS, row, S, keys);
        unpack_rows(memory, memory.values_LPKSA, memory.value_scale_LPKS, row, S, values);
    }
};

// Units of two numbers in bfloat16. Of a key they stand beside each other; of values they are of neighbouring positions.
struct Pairs {
    static constexpr std::int64_t NUMBERS = 2;

    static Floats join(Floats const* x) { return join_bfloat16(x[0], x[1]); }
    static Floats multiply_add(float const* unit, Floats x, Floats sum) { return dot_bfloat16(all_pairs(unit), x, sum); }
    static void gather(Memory const& memory, std::int64_t row, std::int64_t seen, float* keys, float* values) {
        std::int64_t width = memory.width;
        std::memcpy(keys, static_cast<std::uint16_t const*>(memory.keys_LPKSA) + row * width, S * width * 2);
        auto const* value = static_cast<std::uint16_t const*>(memory.values_LPKSA) + row * width;
        for (std::int64_t s = 0; s < S; s += 2, value += 2 * width) {
            for (std::int64_t a = 0; a < width; a += LANES, values += LANES) {
                // Behind what is written anything may stand, which times zero may still be NaN.
                Words first = s < seen ? load_words(value + a) : Words{};
                Words second = s + 1 < seen ? load_words(value + width + a) : Words{};
                store(values, (Floats)(first | second << 16));
            }
        }
    }
};

// c = a b, or c += a b: EIGHT rows of c, which like b has rows of ROWS lanes, of which V vectors are computed.
// The unit at (r, k) of a lies at a[r * a_row + k * a_step].
template <class Units, int V, bool ADDS>
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
            float const* unit = a + r * a_row + k * a_step;
            for (int v = 0; v < V; ++v) sum[r][v] = Units::multiply_add(unit, row[v], sum[r][v]);
        }
    }
    for (int r = 0; r < EIGHT; ++r) {
        for (int v = 0; v < V; ++v) store(c + r * ROWS + v * LANES, sum[r][v]);
    }
}

template <class Units, bool ADDS>
void multiply_rows(std::int64_t rows, std::int64_t columns, float const* a, std::int64_t a_row, std::int64_t a_step,
                   std::int64_t depth, float const* b, float* c) {
    constexpr int V = LANES == 16 ? 3 : 1;  // EIGHT * V sums stay in registers
    for (std::int64_t r = 0; r < rows; r += EIGHT) {
        std::int64_t done = 0;
        for (; done + V * LANES <= columns; done += V * LANES) {
            multiply_eight<Units, V, ADDS>(a + r * a_row, a_row, a_step, depth, b + done, c + r * ROWS + done);
        }
        for (; done < columns; done += LANES) {
            multiply_eight<Units, 1, ADDS>(a + r * a_row, a_row, a_step, depth, b + done, c + r * ROWS + done);
        }
    }
}

// What of a tile's rows is known while keys pass by.
struct Rows {
    std::int64_t columns;  // rows of the tile, rounded up to whole vectors: they lie in columns
    float most[ROWS], total[ROWS], factor[ROWS];
    std::int32_t newest[ROWS];  // the last key that each may look at
    std::int32_t window;
};

// The queries, `used` of them, as columns of units.
template <class Units>
void place_queries(float const* query_GA, std::int64_t query_step, std::int64_t group, std::int64_t used,
                   std::int64_t width, Rows const& rows, float* query) {
    float const* from[ROWS];
    for (std::int64_t column = 0; column < rows.columns; ++column) {
        std::int64_t row = std::min(column, used - 1);  // columns to spare repeat the last one
        from[column] = query_GA + row / group * query_step + row % group * width;
    }
    for (std::int64_t a = 0; a < width; a += Units::NUMBERS, query += ROWS) {
        for (std::int64_t column = 0; column < rows.columns; column += LANES) {
            float numbers[Units::NUMBERS][LANES];
            Floats joined[Units::NUMBERS];
            for (std::int64_t i = 0; i < Units::NUMBERS; ++i) {
                for (int lane = 0; lane < LANES; ++lane) numbers[i][lane] = from[column + lane][a + i];
                joined[i] = load(numbers[i]);
            }
            store(query + column, Units::join(joined));
        }
    }
}

// Keys and values at [first, first + keys) of the past, first at the beginning of a block.
template <class Units>
void gather(Past const& past, std::int64_t first, std::int64_t keys, Desk& desk) {
    Memory const& memory = *past.memory;
    for (std::int64_t done = 0; done < keys; done += S) {
        std::int64_t row = row_of(memory, past.layer, past.table_P[(first + done) / S], past.head);
        std::int64_t to = done * memory.width / Units::NUMBERS;
        Units::gather(memory, row, keys - done, desk.keys.data() + to, desk.values.data() + to);
    }
}

// Scores become shares, column by column, and units; factor says by what earlier sums shrink.
template <class Units>
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
        for (std::int64_t key = 0; key < keys; key += Units::NUMBERS) {
            Floats share[Units::NUMBERS] = {};
            for (std::int64_t i = 0; i < std::min(Units::NUMBERS, keys - key); ++i) {
                share[i] = exp2(load(scores + (key + i) * ROWS + column) - most);
                added += share[i];
            }
            store(scores + key / Units::NUMBERS * ROWS + column, Units::join(share));
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

template <class Units>
void attend_tile(Past const& past, float const* query_GA, std::int64_t query_step, std::int64_t group,
                 std::int64_t tokens, std::int64_t position, std::int64_t window, float* mixed_GA,
                 std::int64_t mixed_step, Desk& desk) {
    std::int64_t width = past.memory->width, used = tokens * group, depth = width / Units::NUMBERS;
    Rows rows;
    rows.columns = (used + LANES - 1) / LANES * LANES;
    rows.window = static_cast<std::int32_t>(window);
    for (std::int64_t column = 0; column < rows.columns; ++column) {
        rows.newest[column] = static_cast<std::int32_t>(position + std::min(column, used - 1) / group);
        rows.most[column] = NOTHING, rows.total[column] = 0.0f;
    }
    place_queries<Units>(query_GA, query_step, group, used, width, rows, desk.query.data());
    float *scores = desk.scores.data(), *mixed = desk.mixed.data();
    std::fill(mixed, mixed + width * ROWS, 0.0f);
    std::int64_t last = position + tokens, first = std::max<std::int64_t>(0, position - window + 1) / S * S;
    for (std::int64_t key = first; key < last; key += TILE_KEYS) {
        std::int64_t keys = std::min<std::int64_t>(TILE_KEYS, last - key);
        std::int64_t padded = (keys + EIGHT - 1) / EIGHT * EIGHT, units = (keys + Units::NUMBERS - 1) / Units::NUMBERS;
        gather<Units>(past, key, keys, desk);
        multiply_rows<Units, false>(padded, rows.columns, desk.keys.data(), depth, 1, depth, desk.query.data(), scores);
        bool is_hiding = key + keys - 1 > position || key < last - window;
        pass_keys<Units>(scores, keys, static_cast<std::int32_t>(key), is_hiding, rows);
        if (key > first) shrink(mixed, width, rows);
        multiply_rows<Units, true>(width, rows.columns, desk.values.data(), 1, width, units, scores, mixed);
    }
    for (std::int64_t row = 0; row < used; ++row) {
        float* to = mixed_GA + row / group * mixed_step + row % group * width;
        float share = 1.0f / rows.total[row];
        for (std::int64_t a = 0; a < width; ++a) to[a] = mixed[a * ROWS + row] * share;
    }
}

}  // namespace

void attend_tokens(Past const& past, float const* query_GA, std::int64_t query_step, std::int64_t group,
                   std::int64_t tokens, std::int64_t position, std::int64_t window, float* mixed_GA,
                   std::int64_t mixed_step, Desk& desk) {
    bool has_pairs = MULTIPLIES_BFLOAT16 && past.memory->store == Store::BF16;
    auto* attend = has_pairs ? &attend_tile<Pairs> : &attend_tile<Singles>;
    attend(past, query_GA, query_step, group, tokens, position, window, mixed_GA, mixed_step, desk);
}

}  // namespace samovar
