// Products of matrices of bfloat16 for training: linear maps, their gradients, and what Muon multiplies.
//
// Of the right side, panels of so many columns as two vectors have are laid out for all threads; each thread lays out
// the rows of the left side that it takes. Both then lie as pairs of bfloat16, neighbours along what is added up, so
// that one instruction multiplies a broadcast pair with a vector of pairs. What is longer than `AT_ONCE` is added up in
// parts where the sum is a float32 (Goto and van de Geijn 2008, doi.org/10.1145/1356052.1356053, section 4).
#include <omp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "lanes.h"

namespace samovar {

namespace {

constexpr std::int64_t ROWS = 8;  // of a tile: what is computed together, with
constexpr std::int64_t COLUMNS = 2 * LANES;  // of a panel
constexpr std::int64_t LAID = std::max<std::int64_t>(LANES, ROWS);  // rows that are laid out side by side
constexpr std::int64_t AT_ONCE = 1024;  // numbers that are added up before a float32 is written
constexpr std::int64_t RIGHT_ROOM = 1 << 22;  // bytes of panels that are laid out before they are multiplied by
constexpr std::int64_t LEFT_ROOM = 1 << 16;  // bytes of rows that meet a panel while they are in the cache
constexpr std::int64_t LINE = 64;  // bytes that caches hold together

std::int64_t parts(std::int64_t count, std::int64_t size) { return (count + size - 1) / size; }

// One side of a product: its numbers lie one after another along what is added up ("depth"), or across it.
struct Side {
    void const* data;
    bool is_across;
};

// The part of a depth that is added up at once.
struct Part {
    std::int64_t first, depth;

    std::int64_t pairs() const { return parts(depth, 2); }
};

Words read_rounded(float const* from) {
    Words word = (Words)load(from);
    return (word + 0x7fff + ((word >> 16) & 1)) >> 16;
}
Words read_rounded(std::uint16_t const* from) { return load_words(from); }
std::uint16_t round(float x) { return to_bfloat16(x); }
std::uint16_t round(std::uint16_t x) { return x; }

// `count` numbers in pairs; zeros behind them, up to LANES pairs.
template <class Number>
Floats read_pairs(Number const* from, std::int64_t count) {
    alignas(64) std::uint16_t pairs[2 * LANES] = {};
    for (std::int64_t i = 0; i < std::min<std::int64_t>(count, 2 * LANES); ++i) pairs[i] = round(from[i]);
    return load(pairs);
}
inline Floats read_whole(std::uint16_t const* from) { return load(from); }
inline Floats read_whole(float const* from) {
    alignas(64) std::uint16_t pairs[2 * LANES];
    store_bfloat16(pairs, load(from)), store_bfloat16(pairs + LANES, load(from + LANES));
    return load(pairs);
}

// LANES rows along the depth as columns of pairs; `rows`: how many there are, the others are zeros.
template <class Number>
void turn(Number const* from, std::int64_t step, std::int64_t rows, std::int64_t depth, std::int64_t to_step,
          float* to) {
    for (std::int64_t k = 0; k < depth; k += 2 * LANES) {
        Floats square[LANES] = {};
        for (std::int64_t row = 0; row < std::min<std::int64_t>(rows, LANES); ++row) {
            Number const* at = from + row * step + k;
            square[row] = depth - k >= 2 * LANES ? read_whole(at) : read_pairs(at, depth - k);
        }
        transpose(square);
        for (std::int64_t i = 0; i < std::min<std::int64_t>(LANES, parts(depth - k, 2)); ++i) {
            store(to + (k / 2 + i) * to_step, square[i]);
        }
    }
}

// Two rows across the depth as one of pairs: `count` of them, zeros behind, up to `padded`.
template <class Number>
void weave(Number const* first, Number const* second, std::int64_t count, std::int64_t padded, float* to) {
    std::int64_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        Words pairs = read_rounded(first + i);
        if (second != nullptr) pairs |= read_rounded(second + i) << 16;
        store(to + i, (Floats)pairs);
    }
    for (; i < padded; ++i) {
        std::uint16_t pair[2] = {};
        if (i < count) pair[0] = round(first[i]), pair[1] = second == nullptr ? 0 : round(second[i]);
        std::memcpy(to + i, pair, sizeof pair);
    }
}

// `count` rows or columns of a side, from `first` on, as pairs: WIDTH of them side by side, one such group behind
// another for all of the part's depth. `step`: numbers, from a row as it lies to the next.
template <std::int64_t WIDTH, class Number>
void lay_out_along(Number const* data, std::int64_t step, std::int64_t first, std::int64_t count, Part part,
                   float* to) {
    for (std::int64_t group = 0; group < count; group += WIDTH) {
        for (std::int64_t row = group; row < group + WIDTH; row += LANES) {
            turn(data + (first + row) * step + part.first, step, count - row, part.depth, WIDTH,
                 to + group * part.pairs() + row - group);
        }
    }
}

// The same where its numbers lie across the depth.
template <std::int64_t WIDTH, class Number>
void lay_out_across(Number const* data, std::int64_t step, std::int64_t first, std::int64_t count, Part part,
                    float* to) {
    for (std::int64_t group = 0; group < count; group += WIDTH) {
        for (std::int64_t pair = 0; pair < part.pairs(); ++pair, to += WIDTH) {
            Number const* row = data + (part.first + 2 * pair) * step + first + group;
            weave(row, 2 * pair + 1 == part.depth ? nullptr : row + step, std::min(WIDTH, count - group), WIDTH, to);
        }
    }
}

// Rows of a side that are wanted next, asked for into the second cache.
struct Ahead {
    char const* data;
    std::int64_t step, bytes, rows;  // bytes: of a row
    std::int64_t row = 0, at = 0;

    std::int64_t lines() const { return rows * parts(bytes, LINE); }
    void ask(std::int64_t count) {
        for (; count > 0 && row < rows; --count) {
            __builtin_prefetch(data + row * step + at, 0, 2);
            at += LINE;
            if (at >= bytes) at = 0, ++row;
        }
    }
};

inline void write(float* to, Floats x, bool adds) { store(to, adds ? load(to) + x : x); }
inline void write(std::uint16_t* to, Floats x, bool) { store_bfloat16(to, x); }
inline void write(float* to, float x, bool adds) { *to = adds ? *to + x : x; }
inline void write(std::uint16_t* to, float x, bool) { *to = to_bfloat16(x); }

// Sums of a tile: ROWS rows of the left side with a panel of the right one.
struct Tile {
    Floats low[ROWS], high[ROWS];

    [[gnu::always_inline]] Tile(float const* left, float const* panel, std::int64_t pairs) {
        Floats sum[ROWS] = {}, other[ROWS] = {};  // in registers, wherever the tile itself may be
        for (std::int64_t k = 0; k < pairs; ++k, left += LAID, panel += COLUMNS) {
            Floats first = load(panel), second = load(panel + LANES);
            for (int row = 0; row < ROWS; ++row) {
                Floats pair = all_pairs(left + row);
                sum[row] = dot_bfloat16(pair, first, sum[row]);
                other[row] = dot_bfloat16(pair, second, other[row]);
            }
        }
        for (int row = 0; row < ROWS; ++row) low[row] = sum[row], high[row] = other[row];
    }

    template <class Number>
    [[gnu::always_inline]] void write_whole(Number* to, std::int64_t step, bool adds) const {
        for (int row = 0; row < ROWS; ++row, to += step) {
            write(to, low[row], adds), write(to + LANES, high[row], adds);
        }
    }

    template <class Number>
    [[gnu::noinline]] void write_part(std::int64_t rows, std::int64_t columns, Number* to, std::int64_t step,
                                      bool adds) const {
        for (std::int64_t row = 0; row < std::min(rows, ROWS); ++row, to += step) {
            for (std::int64_t column = 0; column < std::min(columns, COLUMNS); ++column) {
                write(to + column, (column < LANES ? low : high)[row][column % LANES], adds);
            }
        }
    }
};

struct Product {
    Side left, right;
    void* made;
    std::int64_t rows, columns, depth;
};

float* room(std::vector<float>& desk, std::int64_t size) {
    if (static_cast<std::int64_t>(desk.size()) < size) desk.resize(size);
    return desk.data();
}

void lay_out_left(Product const& product, std::int64_t first, std::int64_t count, Part part, float* to) {
    auto const* data = static_cast<std::uint16_t const*>(product.left.data);
    if (product.left.is_across) {
        lay_out_across<LAID>(data, product.rows, first, count, part, to);
    } else {
        lay_out_along<LAID>(data, product.depth, first, count, part, to);
    }
}

template <class Right>
void lay_out_panel(Product const& product, std::int64_t column, Part part, float* to) {
    auto const* data = static_cast<Right const*>(product.right.data);
    std::int64_t count = std::min(COLUMNS, product.columns - column);
    if (product.right.is_across) {
        lay_out_across<COLUMNS>(data, product.columns, column, count, part, to);
    } else {
        lay_out_along<COLUMNS>(data, product.depth, column, count, part, to);
    }
}

template <class Number>
Ahead ahead(Side const& side, std::int64_t across, std::int64_t depth, std::int64_t first, std::int64_t last,
            Part part) {
    auto const* data = static_cast<Number const*>(side.data);
    constexpr std::int64_t SIZE = sizeof(Number);
    std::int64_t count = std::max<std::int64_t>(0, last - first);
    if (side.is_across) {
        return {(char const*)(data + part.first * across + first), SIZE * across, SIZE * count, count ? part.depth : 0};
    }
    return {(char const*)(data + first * depth + part.first), SIZE * depth, SIZE * part.depth, count};
}

// A stretch of rows or columns, from `first` on and before `last`.
struct Stretch {
    std::int64_t first, last;

    std::int64_t count() const { return last - first; }
    // What falls to one of several threads, in pieces of `size`.
    Stretch share(std::int64_t size, std::int64_t thread, std::int64_t threads) const {
        std::int64_t pieces = parts(count(), size), before = pieces * thread / threads;
        std::int64_t up_to = pieces * (thread + 1) / threads;
        return {std::min(last, first + before * size), std::min(last, first + up_to * size)};
    }
};

// What rows have to add to `made` in some columns, of one part of the depth; meanwhile `later` is asked for.
template <class Number>
void multiply_rows(Product const& product, Stretch all_rows, Stretch columns, Part part, float const* panels,
                   Ahead later, std::vector<float>& desk) {
    auto [first, last] = all_rows;
    if (first == last) return;
    std::int64_t pairs = part.pairs(), most = std::max<std::int64_t>(1, LEFT_ROOM / (4 * pairs * LAID)) * LAID;
    float* left = room(desk, std::min(most, parts(last - first, LAID) * LAID) * pairs);
    std::int64_t tiles = parts(std::min(most, last - first), ROWS) * parts(columns.count(), COLUMNS);
    std::int64_t later_lines = parts(later.lines(), parts(last - first, ROWS) * parts(columns.count(), COLUMNS));
    for (; first < last; first += most) {
        std::int64_t rows = std::min(most, last - first);
        lay_out_left(product, first, rows, part, left);
        Ahead next = ahead<std::uint16_t>(product.left, product.rows, product.depth, first + most,
                                          std::min(first + 2 * most, last), part);
        std::int64_t lines = parts(next.lines(), tiles);
        for (std::int64_t column = columns.first; column < columns.last; column += COLUMNS) {
            float const* panel = panels + (column - columns.first) * pairs;
            for (std::int64_t row = 0; row < rows; row += ROWS) {
                next.ask(lines), later.ask(later_lines);
                Number* to = static_cast<Number*>(product.made) + (first + row) * product.columns + column;
                std::int64_t rows_left = rows - row, columns_left = product.columns - column;
                float const* with = left + row / LAID * LAID * pairs + row % LAID;
                if (rows_left >= ROWS && columns_left >= COLUMNS) {
                    Tile(with, panel, pairs).write_whole(to, product.columns, part.first > 0);
                } else {
                    Tile(with, panel, pairs).write_part(rows_left, columns_left, to, product.columns, part.first > 0);
                }
            }
        }
    }
}

// Left is bfloat16; Right and Number, which is made, are that or float32.
template <class Right, class Number>
void multiply(Product const& product, std::int64_t threads) {
    static thread_local std::vector<float> shared;
    if (product.depth == 0) std::memset(product.made, 0, product.rows * product.columns * sizeof(Number));
    std::int64_t depth = std::min(product.depth, sizeof(Number) == 2 ? product.depth : AT_ONCE);
    std::int64_t most = std::max<std::int64_t>(1, RIGHT_ROOM / (4 * parts(depth, 2) * COLUMNS + 1)) * COLUMNS;
    std::int64_t laid = std::min(most, parts(product.columns, COLUMNS) * COLUMNS) * parts(depth, 2);
    float* room_for_two = room(shared, 2 * laid);
#pragma omp parallel num_threads(threads)
    {
        static thread_local std::vector<float> own;
        std::int64_t thread = omp_get_thread_num(), all = omp_get_num_threads(), number = 0;
        Stretch rows = Stretch{0, product.rows}.share(ROWS, thread, all);
        for (std::int64_t first = 0; first < product.columns; first += most) {
            Stretch columns{first, std::min(first + most, product.columns)};
            Stretch mine = columns.share(COLUMNS, thread, all);
            for (std::int64_t done = 0; done < product.depth; done += depth, ++number) {
                Part part{done, std::min(depth, product.depth - done)};
                // While some still multiply by the panels before, others lay out these beside them.
                float* panels = room_for_two + number % 2 * laid;
                auto its = [&](Part of) {
                    return ahead<Right>(product.right, product.columns, product.depth, mine.first, mine.last, of);
                };
                if (done == 0) its(part).ask(its(part).lines());
                for (std::int64_t column = mine.first; column < mine.last; column += COLUMNS) {
                    lay_out_panel<Right>(product, column, part, panels + (column - first) * part.pairs());
                }
#pragma omp barrier
                Part later{done + depth, std::max<std::int64_t>(0, std::min(depth, product.depth - done - depth))};
                multiply_rows<Number>(product, rows, columns, part, panels, its(later), own);
            }
        }
    }
}

// made = alpha left right + beta added, of bfloat16. A symmetric result is computed on and below its diagonal alone.
struct Combination {
    Product product;
    std::uint16_t const* added;  // or null
    float alpha, beta;
    bool is_symmetric;
};

void combine_tile(Combination const& what, Tile const& tile, std::int64_t first, std::int64_t column) {
    auto const& [product, added, alpha, beta, is_symmetric] = what;
    std::int64_t rows = std::min(ROWS, product.rows - first), columns = std::min(COLUMNS, product.columns - column);
    auto* made = static_cast<std::uint16_t*>(product.made);
    std::uint16_t numbers[ROWS][COLUMNS] = {};
    for (std::int64_t row = 0; row < rows; ++row) {
        std::int64_t at = (first + row) * product.columns + column;
        if (added != nullptr) std::memcpy(numbers[row], added + at, columns * sizeof **numbers);
        std::uint16_t *low = numbers[row], *high = low + LANES;
        store_bfloat16(low, alpha * tile.low[row] + beta * load_bfloat16(low));
        store_bfloat16(high, alpha * tile.high[row] + beta * load_bfloat16(high));
        std::memcpy(made + at, low, columns * sizeof *low);
    }
    if (!is_symmetric) return;
    for (std::int64_t i = 0; i < columns; ++i) {
        std::uint16_t* mirrored = made + (column + i) * product.columns + first;
        for (std::int64_t row = 0; row < rows; ++row) mirrored[row] = numbers[row][i];
    }
}

// One thread's work.
void combine(Combination const& what) {
    static thread_local std::vector<float> panel_desk, left_desk;
    Product const& product = what.product;
    Part part{0, product.depth};
    std::int64_t pairs = part.pairs();
    float* panels = room(panel_desk, parts(product.columns, COLUMNS) * COLUMNS * pairs);
    float* left = room(left_desk, LAID * pairs);
    for (std::int64_t column = 0; column < product.columns; column += COLUMNS) {
        lay_out_panel<std::uint16_t>(product, column, part, panels + column * pairs);
    }
    for (std::int64_t first = 0; first < product.rows; first += LAID) {
        std::int64_t last = std::min(first + LAID, product.rows), columns = what.is_symmetric ? last : product.columns;
        lay_out_left(product, first, last - first, part, left);
        for (std::int64_t column = 0; column < columns; column += COLUMNS) {
            for (std::int64_t row = first; row < last; row += ROWS) {
                combine_tile(what, Tile(left + row - first, panels + column * pairs, pairs), row, column);
            }
        }
    }
}

}  // namespace

extern "C" {

// Whether products are worth their while here: bfloat16 is multiplied by vectors, and by nothing faster.
int samovar_has_products() {
#if defined(__AMX_BF16__)
    return 0;
#else
    return MULTIPLIES_BFLOAT16;
#endif
}

// made = left right, all without gaps; left is bfloat16, right and made that or float32. `sizes`: rows, columns, depth.
void samovar_multiply(std::int64_t const* sizes, int left_is_across, int right_is_across, int right_is_bfloat16,
                      int made_is_bfloat16, void const* left, void const* right, void* made, std::int64_t threads) {
    Product product{{left, left_is_across != 0}, {right, right_is_across != 0}, made, sizes[0], sizes[1], sizes[2]};
    using Half = std::uint16_t;
    auto* work = right_is_bfloat16 ? (made_is_bfloat16 ? &multiply<Half, Half> : &multiply<Half, float>)
                                   : (made_is_bfloat16 ? &multiply<float, Half> : &multiply<float, float>);
    work(product, threads);
}

// made = alpha left right + beta added for `count` matrices one after another, all of bfloat16; `added` may be null,
// and a symmetric result has as many rows as columns. `sizes`: count, rows, columns, depth.
void samovar_combine(std::int64_t const* sizes, int right_is_across, int is_symmetric, float alpha, float beta,
                     std::uint16_t const* left, std::uint16_t const* right, std::uint16_t const* added,
                     std::uint16_t* made, std::int64_t threads) {
    auto [count, rows, columns, depth] = std::array{sizes[0], sizes[1], sizes[2], sizes[3]};
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (std::int64_t i = 0; i < count; ++i) {
        std::int64_t at = i * rows * columns;
        Product product{{left + i * rows * depth, false}, {right + i * depth * columns, right_is_across != 0},
                        made + at, rows, columns, depth};
        combine({product, added == nullptr ? nullptr : added + at, alpha, beta, is_symmetric != 0});
    }
}

}  // extern "C"

}  // namespace samovar
