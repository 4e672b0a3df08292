// Attention for training: a document of a row looks at itself alone, and nothing that a mask would hide is computed.
//
// Blocks of queries meet all keys up to their last one, so that their shares are whole at once. They are taken again
// for the gradient (Dao et al. 2022, arXiv:2205.14135, section 3.1): of each query but the logarithm is kept, to the
// base 2 as the shares are, of what they were divided by.
//
// A product multiplies broadcast units of its left side with vectors of units of its right one. A unit is a float32; or
// two bfloat16, neighbours along what is added up.
//
// Axes as in document_attention.py; a document is a stretch of a row.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "lanes.h"

namespace samovar {

namespace {

constexpr std::int64_t QUERIES = 32;       // of a block
constexpr std::int64_t EIGHT = 8;          // rows of a product that are computed together,
constexpr std::int64_t PANEL = 2 * LANES;  // with so many columns
constexpr float LOG2E = 1.44269504f;
constexpr float NOTHING = -1e30f;
static_assert(QUERIES % PANEL == 0 && PANEL % EIGHT == 0);

std::int64_t in_panels(std::int64_t count) { return (count + PANEL - 1) / PANEL * PANEL; }

struct Shape {
    std::int64_t rows, length, heads, kv_heads, width;

    std::int64_t query_step() const { return heads * width; }  // from one token to the next
    std::int64_t key_step() const { return kv_heads * width; }
    std::int64_t group() const { return heads / kv_heads; }  // query heads of a key-value head
};

struct Singles {
    using Number = float;
    static constexpr std::int64_t NUMBERS = 1;

    static Floats read(float const* from) { return load(from); }
    static void write(float* to, Floats x) { store(to, x); }
    static Floats join(Floats a, Floats) { return a; }
    static Floats multiply_add(float const* unit, Floats x, Floats sum) { return sum + *unit * x; }
};

struct Pairs {
    using Number = std::uint16_t;
    static constexpr std::int64_t NUMBERS = 2;

    static Floats read(std::uint16_t const* from) { return load_bfloat16(from); }
    static void write(std::uint16_t* to, Floats x) { store_bfloat16(to, x); }
    static Floats join(Floats a, Floats b) { return join_bfloat16(a, b); }
    static Floats multiply_add(float const* unit, Floats x, Floats sum) {
        return dot_bfloat16(all_pairs(unit), x, sum);
    }
};

// c = a b, or c += a b. The unit of a at (row, k) lies at a[row * a_row + k * a_step]; b and c have rows of b_row and
// c_row lanes. Rows come in EIGHTs and columns in PANELs.
template <class Units, bool ADDS>
void multiply(std::int64_t rows, std::int64_t columns, std::int64_t depth, float const* a, std::int64_t a_row,
              std::int64_t a_step, float const* b, std::int64_t b_row, float* c, std::int64_t c_row) {
    for (std::int64_t column = 0; column < columns; column += PANEL) {
        for (std::int64_t row = 0; row < rows; row += EIGHT) {
            float* to = c + row * c_row + column;
            float const *units = a + row * a_row, *with = b + column;
            Floats left[EIGHT], right[EIGHT];
            for (int r = 0; r < EIGHT; ++r) {
                left[r] = ADDS ? load(to + r * c_row) : Floats{};
                right[r] = ADDS ? load(to + r * c_row + LANES) : Floats{};
            }
            for (std::int64_t k = 0; k < depth; ++k, units += a_step, with += b_row) {
                Floats first = load(with), second = load(with + LANES);
                for (int r = 0; r < EIGHT; ++r) {
                    left[r] = Units::multiply_add(units + r * a_row, first, left[r]);
                    right[r] = Units::multiply_add(units + r * a_row, second, right[r]);
                }
            }
            for (int r = 0; r < EIGHT; ++r) {
                store(to + r * c_row, left[r]);
                store(to + r * c_row + LANES, right[r]);
            }
        }
    }
}

// Tokens of one head, `step` numbers apart.
template <class Number>
struct Tokens {
    Number const* first;
    std::int64_t step, count, width;

    Number const* at(std::int64_t token) const { return first + token * step; }
    Tokens from(std::int64_t token, std::int64_t most) const {
        return {at(token), step, std::min(most, count - token), width};
    }
};

// Tokens as rows of units; zeros behind the last one, up to `padded` rows.
template <class Units>
void copy_rows(Tokens<typename Units::Number> tokens, std::int64_t padded, float* to) {
    for (std::int64_t row = 0; row < padded; ++row, to += tokens.width / Units::NUMBERS) {
        std::size_t bytes = tokens.width * sizeof(typename Units::Number);
        if (row < tokens.count) {
            std::memcpy(to, tokens.at(row), bytes);
        } else {
            std::memset(to, 0, bytes);
        }
    }
}

// Tokens as columns of units.
template <class Units>
void copy_columns(Tokens<typename Units::Number> tokens, std::int64_t padded, float* to) {
    for (std::int64_t first = 0; first < padded; first += LANES) {
        for (std::int64_t unit = 0; unit < tokens.width / Units::NUMBERS; unit += LANES) {
            Floats square[LANES] = {};
            for (std::int64_t row = 0; row < LANES && first + row < tokens.count; ++row) {
                square[row] = load(tokens.at(first + row) + unit * Units::NUMBERS);
            }
            transpose(square);
            for (int row = 0; row < LANES; ++row) store(to + (unit + row) * padded + first, square[row]);
        }
    }
}

// Tokens as rows whose units are of neighbouring tokens.
template <class Units>
void weave_rows(Tokens<typename Units::Number> tokens, std::int64_t padded, float* to) {
    for (std::int64_t token = 0; token < padded; token += Units::NUMBERS, to += tokens.width) {
        for (std::int64_t a = 0; a < tokens.width; a += LANES) {
            Floats x[2] = {};
            for (std::int64_t i = 0; i < Units::NUMBERS && token + i < tokens.count; ++i) {
                x[i] = Units::read(tokens.at(token + i) + a);
            }
            store(to + a, Units::join(x[0], x[1]));
        }
    }
}

template <class Units>
void write_rows(float const* from, std::int64_t count, std::int64_t width, typename Units::Number* to,
                std::int64_t step) {
    for (std::int64_t row = 0; row < count; ++row, from += width, to += step) {
        for (std::int64_t a = 0; a < width; a += LANES) Units::write(to + a, load(from + a));
    }
}

// Room for one document and head.
struct Desk {
    // Of all its tokens; of a block of queries; of a block with all keys.
    std::vector<float> key_columns, value_columns, key_rows, value_rows, for_key, for_value;
    std::vector<float> query, gradient, woven_query, woven_gradient, mixed;
    std::vector<float> scores, pulls, units;

    void reserve(std::int64_t padded, std::int64_t width) {
        for (auto* room : {&key_columns, &value_columns, &key_rows, &value_rows, &for_key, &for_value}) {
            grow(*room, padded * width);
        }
        for (auto* room : {&query, &gradient, &woven_query, &woven_gradient, &mixed}) grow(*room, QUERIES * width);
        for (auto* room : {&scores, &pulls, &units}) grow(*room, QUERIES * padded);
    }

private:
    static void grow(std::vector<float>& room, std::size_t size) {
        if (room.size() < size) room.resize(size);
    }
};

// Lanes of keys from `key` on: x where the key is one of the first `seen`, else `hidden`.
Floats where_seen(Floats x, std::int64_t key, std::int64_t seen, float hidden) {
    if (key + LANES <= seen) return x;
    Ints place;
    for (int lane = 0; lane < LANES; ++lane) place[lane] = static_cast<std::int32_t>(key) + lane;
    return place < static_cast<std::int32_t>(seen) ? x : all(hidden);
}

struct Total {
    float divisor, log;  // log: of the divisor, before the largest score was taken off
};

// What values are multiplied by, but not divided yet.
template <class Units>
Total share_out(float* scores, std::int64_t keys, std::int64_t seen, float scale, typename Units::Number* share) {
    Floats most = all(NOTHING), total{};
    for (std::int64_t key = 0; key < keys; key += LANES) {
        Floats score = where_seen(load(scores + key) * scale, key, seen, NOTHING);
        store(scores + key, score);
        most = larger(most, score);
    }
    float highest = largest(most);
    for (std::int64_t key = 0; key < keys; key += LANES) {
        Floats x = exp2(load(scores + key) - highest);
        total += x;
        Units::write(share + key, x);
    }
    float divisor = sum(total);
    return {divisor, highest + std::log2(divisor)};
}

// The values of one document mixed, for one of the query heads.
template <class Units>
void attend_head(Tokens<typename Units::Number> query, typename Units::Number* mixed, float* log_total, float scale,
                 Desk& desk) {
    using Number = typename Units::Number;
    constexpr std::int64_t N = Units::NUMBERS;
    std::int64_t width = query.width, padded = in_panels(query.count);
    for (std::int64_t first = 0; first < query.count; first += QUERIES) {
        Tokens<Number> block = query.from(first, QUERIES);
        std::int64_t keys = in_panels(first + block.count), rows = (block.count + EIGHT - 1) / EIGHT * EIGHT;
        copy_rows<Units>(block, rows, desk.query.data());
        multiply<Units, false>(rows, keys, width / N, desk.query.data(), width / N, 1, desk.key_columns.data(), padded,
                               desk.scores.data(), padded);
        float divisor[QUERIES];
        for (std::int64_t row = 0; row < block.count; ++row) {
            auto* share = reinterpret_cast<Number*>(desk.units.data() + row * padded);
            float* scores = desk.scores.data() + row * padded;
            Total total = share_out<Units>(scores, keys, first + row + 1, scale * LOG2E, share);
            divisor[row] = total.divisor, log_total[first + row] = total.log;
        }
        multiply<Units, false>(rows, width, keys / N, desk.units.data(), padded, 1, desk.value_rows.data(), width,
                               desk.mixed.data(), width);
        for (std::int64_t row = 0; row < block.count; ++row) {
            for (std::int64_t a = 0; a < width; ++a) desk.mixed[row * width + a] /= divisor[row];
        }
        write_rows<Units>(desk.mixed.data(), block.count, width, mixed + first * query.step, query.step);
    }
}

// What a block's queries took of the keys, and the gradient of their scores. Both as units of neighbouring queries, in
// the place of the scores and of the pulls; the gradient as rows of units of neighbouring keys too.
template <class Units>
void share_again(std::int64_t queries, float const* log_total, std::int64_t first, std::int64_t keys,
                 std::int64_t padded, float scale, Desk& desk) {
    constexpr std::int64_t N = Units::NUMBERS;
    for (std::int64_t row = 0; row < QUERIES; row += N) {
        float own[2] = {};
        for (std::int64_t i = 0; i < N; ++i) {
            float *share = desk.scores.data() + (row + i) * padded, *pull = desk.pulls.data() + (row + i) * padded;
            std::int64_t seen = row + i < queries ? first + row + i + 1 : 0;
            float total = seen ? log_total[row + i] : 0.0f;
            Floats products{};
            for (std::int64_t key = 0; key < keys; key += LANES) {
                Floats power = exp2(load(share + key) * (scale * LOG2E) - total);
                Floats taken = where_seen(power, key, seen, 0.0f);
                store(share + key, taken);
                products += taken * load(pull + key);
            }
            own[i] = sum(products);
        }
        for (std::int64_t key = 0; key < keys; key += LANES) {
            Floats share[2] = {}, pull[2] = {};
            for (std::int64_t i = 0; i < N; ++i) {
                std::int64_t at = (row + i) * padded + key;
                share[i] = load(desk.scores.data() + at);
                pull[i] = share[i] * (load(desk.pulls.data() + at) - own[i]) * scale;
                auto* units = reinterpret_cast<typename Units::Number*>(desk.units.data() + (row + i) * padded);
                Units::write(units + key, pull[i]);
            }
            store(desk.scores.data() + row / N * padded + key, Units::join(share[0], share[1]));
            store(desk.pulls.data() + row / N * padded + key, Units::join(pull[0], pull[1]));
        }
    }
}

// The gradient of one of the query heads; those of keys and values are added up on the desk.
template <class Units>
void differentiate_head(Tokens<typename Units::Number> query, Tokens<typename Units::Number> gradient,
                        float const* log_total, typename Units::Number* for_query, float scale, Desk& desk) {
    using Number = typename Units::Number;
    constexpr std::int64_t N = Units::NUMBERS;
    std::int64_t width = query.width, padded = in_panels(query.count);
    for (std::int64_t first = 0; first < query.count; first += QUERIES) {
        Tokens<Number> block = query.from(first, QUERIES), its_gradient = gradient.from(first, QUERIES);
        std::int64_t keys = in_panels(first + block.count);
        copy_rows<Units>(block, QUERIES, desk.query.data());
        copy_rows<Units>(its_gradient, QUERIES, desk.gradient.data());
        weave_rows<Units>(block, QUERIES, desk.woven_query.data());
        weave_rows<Units>(its_gradient, QUERIES, desk.woven_gradient.data());
        multiply<Units, false>(QUERIES, keys, width / N, desk.query.data(), width / N, 1, desk.key_columns.data(),
                               padded, desk.scores.data(), padded);
        multiply<Units, false>(QUERIES, keys, width / N, desk.gradient.data(), width / N, 1, desk.value_columns.data(),
                               padded, desk.pulls.data(), padded);
        share_again<Units>(block.count, log_total + first, first, keys, padded, scale, desk);
        multiply<Units, false>(QUERIES, width, keys / N, desk.units.data(), padded, 1, desk.key_rows.data(), width,
                               desk.mixed.data(), width);
        write_rows<Units>(desk.mixed.data(), block.count, width, for_query + first * query.step, query.step);
        multiply<Units, true>(keys, width, QUERIES / N, desk.pulls.data(), 1, padded, desk.woven_query.data(), width,
                              desk.for_key.data(), width);
        multiply<Units, true>(keys, width, QUERIES / N, desk.scores.data(), 1, padded, desk.woven_gradient.data(),
                              width, desk.for_value.data(), width);
    }
}

// One document and key-value head: where its tokens are.
struct Stretch {
    Shape const& shape;
    std::int64_t row, first, count, kv_head;  // first: of the tokens of all rows

    std::int64_t key_start() const { return first * shape.key_step() + kv_head * shape.width; }
    std::int64_t query_start(std::int64_t head) const {
        return first * shape.query_step() + (kv_head * shape.group() + head) * shape.width;
    }
    std::int64_t total_start(std::int64_t head) const {
        return (row * shape.heads + kv_head * shape.group() + head) * shape.length + first - row * shape.length;
    }
    template <class Number>
    Tokens<Number> keys(void const* all) const {
        return {static_cast<Number const*>(all) + key_start(), shape.key_step(), count, shape.width};
    }
    template <class Number>
    Tokens<Number> queries(void const* all, std::int64_t head) const {
        return {static_cast<Number const*>(all) + query_start(head), shape.query_step(), count, shape.width};
    }
};

// Calls `work` for every document of every row and every key-value head, on all threads; which of them does what makes
// no difference to what comes out.
template <class Work>
void for_each_document(Shape const& shape, std::int32_t const* document_BT, std::int64_t threads, Work work) {
    std::int64_t tasks = shape.rows * shape.kv_heads;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (std::int64_t task = 0; task < tasks; ++task) {
        thread_local Desk desk;
        std::int64_t row = task / shape.kv_heads, last = (row + 1) * shape.length;
        for (std::int64_t first = row * shape.length, end = first; first < last; first = end) {
            while (end < last && document_BT[end] == document_BT[first]) ++end;
            desk.reserve(in_panels(end - first), shape.width);
            work(Stretch{shape, row, first, end - first, task % shape.kv_heads}, desk);
        }
    }
}

struct Given {
    void const *query, *key, *value;
};

template <class Units>
void attend(Shape const& shape, Given const& given, std::int32_t const* document_BT, float scale, void* mixed,
            float* total_BHT, std::int64_t threads) {
    using Number = typename Units::Number;
    for_each_document(shape, document_BT, threads, [&](Stretch const& at, Desk& desk) {
        std::int64_t padded = in_panels(at.count);
        copy_columns<Units>(at.keys<Number>(given.key), padded, desk.key_columns.data());
        weave_rows<Units>(at.keys<Number>(given.value), padded, desk.value_rows.data());
        for (std::int64_t head = 0; head < shape.group(); ++head) {
            auto* to = static_cast<Number*>(mixed) + at.query_start(head);
            float* total = total_BHT + at.total_start(head);
            attend_head<Units>(at.queries<Number>(given.query, head), to, total, scale, desk);
        }
    });
}

struct Gradients {
    void *query, *key, *value;
};

template <class Units>
void differentiate(Shape const& shape, Given const& given, void const* gradient, float const* total_BHT,
                   std::int32_t const* document_BT, float scale, Gradients const& to, std::int64_t threads) {
    using Number = typename Units::Number;
    for_each_document(shape, document_BT, threads, [&](Stretch const& at, Desk& desk) {
        std::int64_t padded = in_panels(at.count);
        copy_columns<Units>(at.keys<Number>(given.key), padded, desk.key_columns.data());
        copy_columns<Units>(at.keys<Number>(given.value), padded, desk.value_columns.data());
        weave_rows<Units>(at.keys<Number>(given.key), padded, desk.key_rows.data());
        std::fill_n(desk.for_key.data(), padded * shape.width, 0.0f);
        std::fill_n(desk.for_value.data(), padded * shape.width, 0.0f);
        for (std::int64_t head = 0; head < shape.group(); ++head) {
            differentiate_head<Units>(at.queries<Number>(given.query, head), at.queries<Number>(gradient, head),
                                      total_BHT + at.total_start(head),
                                      static_cast<Number*>(to.query) + at.query_start(head), scale, desk);
        }
        auto* key = static_cast<Number*>(to.key) + at.key_start();
        auto* value = static_cast<Number*>(to.value) + at.key_start();
        write_rows<Units>(desk.for_key.data(), at.count, shape.width, key, shape.key_step());
        write_rows<Units>(desk.for_value.data(), at.count, shape.width, value, shape.key_step());
    });
}

}  // namespace

extern "C" {

// All tensors are BTHA or BTKA without gaps, of float32 or bfloat16; A is a multiple of PANEL. `sizes`: B, T, H, K, A.
void samovar_attend(std::int64_t const* sizes, int is_bfloat16, void const* query, void const* key, void const* value,
                    std::int32_t const* document_BT, float scale, void* mixed, float* total_BHT, std::int64_t threads) {
    Shape shape{sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]};
    auto* work = is_bfloat16 ? &attend<Pairs> : &attend<Singles>;
    work(shape, {query, key, value}, document_BT, scale, mixed, total_BHT, threads);
}

void samovar_attend_backward(std::int64_t const* sizes, int is_bfloat16, void const* query, void const* key,
                             void const* value, void const* gradient, float const* total_BHT,
                             std::int32_t const* document_BT, float scale, void* for_query, void* for_key,
                             void* for_value, std::int64_t threads) {
    Shape shape{sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]};
    auto* work = is_bfloat16 ? &differentiate<Pairs> : &differentiate<Singles>;
    work(shape, {query, key, value}, gradient, total_BHT, document_BT, scale, {for_query, for_key, for_value}, threads);
}

}

}  // namespace samovar
