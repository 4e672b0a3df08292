// The innermost loops: R rows of activations times one panel of weights (PANEL_ROWS of them, all columns).
//
// The sums stand in registers while a panel's weights stream by; for one row that stream is all there is, and its speed
// is the memory's. A tile of results is R x PANEL_ROWS floats.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "dots.h"

namespace samovar {

// One panel of a PackedMatrix.
struct Panel {
    std::uint8_t const* values;
    std::uint8_t const* scales;
    std::uint8_t const* zeros;  // INT4, or null for 8 everywhere
    std::int64_t columns;       // padded to whole steps
    std::int64_t group;
    bool has_narrow_scales;
};

// One tile of an Input: its rows stand side by side, unit by unit (see input.cpp).
struct InputTile {
    std::uint8_t const* values;
    float const* scales;
    std::int32_t const* sums;
};

using TileKernel = void (*)(Panel const&, InputTile const&, float* tile);

// Ask for what will be read four kilobytes later: the processor's own prefetching begins anew at every page.
constexpr int PREFETCH_BYTES = 4096;
inline void prefetch(std::uint8_t const* at) { __builtin_prefetch(at + PREFETCH_BYTES); }

// The whole tile for float32 and bfloat16.
template <class Dot, int R>
void float_tile(Panel const& panel, InputTile const& input, float* tile) {
    Floats sum[R][2] = {};
    std::uint8_t const* w = panel.values;
    std::uint8_t const* x = input.values;
    for (std::int64_t k = 0; k < panel.columns; k += Dot::STEP) {
        prefetch(w);
        prefetch(w + VECTOR_BYTES);
        auto const left = Dot::weights(w), right = Dot::weights(w + VECTOR_BYTES);
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
            auto const xr = Dot::inputs(x + r * Dot::INPUT_BYTES);
            sum[r][0] = Dot::dot(sum[r][0], left, xr);
            sum[r][1] = Dot::dot(sum[r][1], right, xr);
        }
        w += 2 * VECTOR_BYTES;
        x += R * Dot::INPUT_BYTES;
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
        store(tile + r * PANEL_ROWS, sum[r][0]);
        store(tile + r * PANEL_ROWS + LANES, sum[r][1]);
    }
}

// Multiplies the tile by the scales of the weights' rows.
template <int R>
inline void scale_rows(Floats left, Floats right, float* tile) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
        float* const row = tile + r * PANEL_ROWS;
        store(row, load(row) * left);
        store(row + LANES, load(row + LANES) * right);
    }
}

template <int R>
void int8_tile(Panel const& panel, InputTile const& input, float* tile) {
    std::fill_n(tile, R * PANEL_ROWS, 0.0f);
    std::uint8_t const* w = panel.values;
    std::uint8_t const* x = input.values;
    float const* scales = input.scales;
    std::int32_t const* sums = input.sums;
    for (std::int64_t first = 0; first < panel.columns; first += panel.group) {
        std::int64_t const last = std::min(first + panel.group, panel.columns);
        Ints sum[R][2];
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) sum[r][0] = sum[r][1] = all(sums[r]) * ByteDot::WEIGHT_OFFSET;
        for (std::int64_t k = first; k < last; k += ByteDot::STEP) {
            prefetch(w);
            prefetch(w + VECTOR_BYTES);
            auto const left = ByteDot::weights(load<ByteQuads>(w));
            auto const right = ByteDot::weights(load<ByteQuads>(w + VECTOR_BYTES));
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) {
                auto const xr = ByteDot::inputs(x + r * ByteDot::INPUT_BYTES);
                sum[r][0] = ByteDot::dot(sum[r][0], left, xr);
                sum[r][1] = ByteDot::dot(sum[r][1], right, xr);
            }
            w += 2 * VECTOR_BYTES;
            x += R * ByteDot::INPUT_BYTES;
        }
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
            float* const row = tile + r * PANEL_ROWS;
            Floats const scale = all(scales[r]);
            store(row, multiply_add(to_float(sum[r][0]), scale, load(row)));
            store(row + LANES, multiply_add(to_float(sum[r][1]), scale, load(row + LANES)));
        }
        scales += R;
        sums += R;
    }
    scale_rows<R>(load(panel.scales), load(panel.scales + VECTOR_BYTES), tile);
}

// The zeros' part of a group's sums: zero times the sum of the activations, which is stored with a minus.
template <int R>
inline void begin_int4_sums(std::uint8_t const* zeros, std::int32_t const* input_sums, Ints (&sum)[R][2]) {
    if (zeros == nullptr) {
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) sum[r][0] = sum[r][1] = all(input_sums[r]) << 3;
        return;
    }
    Ints const left = widen_uint8(zeros), right = widen_uint8(zeros + LANES);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
        sum[r][0] = left * all(input_sums[r]);
        sum[r][1] = right * all(input_sums[r]);
    }
}

// R rows of a tile of T.
template <int R, int T>
inline void int4_rows(Panel const& panel, InputTile const& input, float* tile) {
    constexpr int STEP = 8, HALF = T * ByteDot::INPUT_BYTES;
    Floats total[R][2] = {};
    std::uint8_t const* w = panel.values;
    std::uint8_t const* x = input.values;
    std::uint8_t const* scales = panel.scales;
    std::uint8_t const* zeros = panel.zeros;
    float const* input_scales = input.scales;
    std::int32_t const* input_sums = input.sums;
    bool const narrow = panel.has_narrow_scales;
    for (std::int64_t first = 0; first < panel.columns; first += panel.group) {
        std::int64_t const last = std::min(first + panel.group, panel.columns);
        Ints sum[R][2];
        begin_int4_sums<R>(zeros, input_sums, sum);
        for (std::int64_t k = first; k < last; k += STEP) {
            prefetch(w);
            prefetch(w + VECTOR_BYTES);
            ByteQuads const left = load<ByteQuads>(w), right = load<ByteQuads>(w + VECTOR_BYTES);
            auto const left_low = ByteDot::weights(left & 15), left_high = ByteDot::weights(left >> 4);
            auto const right_low = ByteDot::weights(right & 15), right_high = ByteDot::weights(right >> 4);
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) {
                auto const low = ByteDot::inputs(x + r * ByteDot::INPUT_BYTES);
                sum[r][0] = ByteDot::dot(sum[r][0], left_low, low);
                sum[r][1] = ByteDot::dot(sum[r][1], right_low, low);
            }
#pragma GCC unroll 16
            for (int r = 0; r < R; ++r) {
                auto const high = ByteDot::inputs(x + r * ByteDot::INPUT_BYTES + HALF);
                sum[r][0] = ByteDot::dot(sum[r][0], left_high, high);
                sum[r][1] = ByteDot::dot(sum[r][1], right_high, high);
            }
            w += 2 * VECTOR_BYTES;
            x += 2 * HALF;
        }
        Floats const left_scale = narrow ? load_bfloat16(scales) : load(scales);
        Floats const right_scale = narrow ? load_bfloat16(scales + 2 * LANES) : load(scales + VECTOR_BYTES);
#pragma GCC unroll 16
        for (int r = 0; r < R; ++r) {
            Floats const scale = all(input_scales[r]);
            total[r][0] = multiply_add(to_float(sum[r][0]) * left_scale, scale, total[r][0]);
            total[r][1] = multiply_add(to_float(sum[r][1]) * right_scale, scale, total[r][1]);
        }
        scales += PANEL_ROWS * (narrow ? 2 : 4);
        zeros = zeros == nullptr ? nullptr : zeros + PANEL_ROWS;
        input_scales += T;
        input_sums += T;
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
        store(tile + r * PANEL_ROWS, total[r][0]);
        store(tile + r * PANEL_ROWS + LANES, total[r][1]);
    }
}

// Groups are short, so the scaled sums had better stand in registers too: more rows than fit there are taken in halves.
template <int R>
void int4_tile(Panel const& panel, InputTile const& input, float* tile) {
    constexpr int HALF = R > MAX_TILE_ROWS * 5 / 6 ? (R + 1) / 2 : R;
    int4_rows<HALF, R>(panel, input, tile);
    if constexpr (HALF < R) {
        InputTile const rest{input.values + HALF * ByteDot::INPUT_BYTES, input.scales + HALF, input.sums + HALF};
        int4_rows<R - HALF, R>(panel, rest, tile + HALF * PANEL_ROWS);
    }
}

}  // namespace samovar
