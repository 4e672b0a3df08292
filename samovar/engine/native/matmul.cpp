// Products by a team of threads: each takes its share of the weights' rows, panel by panel, against all rows of x.
//
// A panel is read from memory once: it stays in the processor's cache while the tiles of x pass by it.
#include <array>
#include <utility>

#include "layout.h"

namespace samovar {

namespace {

// With so few rows every thread quantizes all of them itself, which is quicker than to wait for each other.
constexpr std::int64_t FEW_ROWS = 16;

using Kernels = std::array<TileKernel, MAX_TILE_ROWS>;  // by rows of a tile, less one

template <std::size_t... R>
constexpr Kernels kernels_of(Kind kind, std::index_sequence<R...>) {
    switch (kind) {
        case Kind::F32:
            return {float_tile<FloatDot, R + 1>...};
        case Kind::BF16:
            return {float_tile<BfloatDot, R + 1>...};
        case Kind::INT8:
            return {int8_tile<R + 1>...};
        default:
            return {int4_tile<R + 1>...};
    }
}

Kernels const& kernels_of(Kind kind) {
    constexpr auto rows = std::make_index_sequence<MAX_TILE_ROWS>();
    static constexpr std::array<Kernels, 4> all = {kernels_of(Kind::F32, rows), kernels_of(Kind::BF16, rows),
                                                   kernels_of(Kind::INT8, rows), kernels_of(Kind::INT4, rows)};
    return all[static_cast<std::size_t>(kind)];
}

Panel panel_of(PackedMatrix const& w, std::int64_t number) {
    std::int64_t const scales_a_panel = (w.kind == Kind::INT4 ? num_groups(w) : 1) * PANEL_ROWS;
    std::int64_t const scale_bytes = w.has_narrow_scales ? 2 : 4;
    return {w.values.as<std::uint8_t>() + number * panel_bytes(w),
            w.scales.as<std::uint8_t>() + number * scales_a_panel * scale_bytes,
            w.zeros.size() ? w.zeros.as<std::uint8_t>() + number * scales_a_panel : nullptr,
            padded_columns(w.kind, w.columns),
            w.group,
            w.has_narrow_scales};
}

// Copies a tile of results into its place, the bias added.
void place_tile(float const* tile, std::int64_t rows, float const* bias, float* y, std::int64_t stride,
                std::int64_t width) {
    for (std::int64_t r = 0; r < rows; ++r, tile += PANEL_ROWS, y += stride) {
        if (width == PANEL_ROWS) {
            Floats left = load(tile), right = load(tile + LANES);
            if (bias != nullptr) left += load(bias), right += load(bias + LANES);
            store(y, left);
            store(y + LANES, right);
        } else {
            for (std::int64_t n = 0; n < width; ++n) y[n] = tile[n] + (bias != nullptr ? bias[n] : 0.0f);
        }
    }
}

// The panel that begins at row n of W times all tiles of x.
void multiply_panel(PackedMatrix const& w, Input const& input, std::int64_t n, std::int64_t width, float* y) {
    Kernels const& kernels = kernels_of(w.kind);
    Panel const panel = panel_of(w, n / PANEL_ROWS);
    Tiles const tiles(input.rows);
    std::int64_t const stride = row_bytes(input), groups = groups_of(input);
    float const* const bias = w.bias.size() ? w.bias.as<float>() + n : nullptr;
    alignas(64) float results[MAX_TILE_ROWS * PANEL_ROWS];
    for (std::int64_t tile = 0; tile < tiles.count; ++tile) {
        std::int64_t const row = tiles.start(tile), rows = tiles.start(tile + 1) - row;
        InputTile const part{input.values + row * stride, input.scales + row * groups, input.sums + row * groups};
        kernels[rows - 1](panel, part, results);
        place_tile(results, rows, bias, y + row * w.rows + n, w.rows, width);
    }
}

}  // namespace

void matmul_share(PackedMatrix const& w, Team const& team, std::int64_t* first, std::int64_t* last) {
    team.share((w.rows + SHARE_ROWS - 1) / SHARE_ROWS, first, last);
    *first = std::min(*first * SHARE_ROWS, w.rows);
    *last = std::min(*last * SHARE_ROWS, w.rows);
}

void multiply(PackedMatrix const& w, Input const& input, float* y, Team const& team) {
    std::int64_t first, last;
    matmul_share(w, team, &first, &last);
    for (std::int64_t n = first; n < last; n += PANEL_ROWS) {
        multiply_panel(w, input, n, std::min<std::int64_t>(PANEL_ROWS, last - n), y);
    }
}

std::size_t matmul_scratch_bytes(PackedMatrix const& w, std::int64_t M, int threads) {
    return input_bytes(w, M) * static_cast<std::size_t>(M <= FEW_ROWS ? threads : 1);
}

void matmul(PackedMatrix const& w, float const* x, std::int64_t M, float* y, Team const& team) {
    if (M == 0) return;
    bool const alone = M <= FEW_ROWS;
    auto* const memory = static_cast<std::uint8_t*>(team.scratch) + (alone ? team.index * input_bytes(w, M) : 0);
    Input const input = input_view(w, M, memory);
    std::int64_t first = 0, last = num_parts(input);
    if (!alone) team.share(last, &first, &last);
    for (std::int64_t row = 0; row < M; ++row) fill_parts(input, row, x + row * w.columns, first, last);
    if (!alone) team.wait();
    multiply(w, input, y, team);
}

}  // namespace samovar
