// How packed weights and activations lie in memory: what packing, kernels and products must agree on.
#pragma once

#include <cstdint>

#include "kernels.h"
#include "matmul.h"

namespace samovar {

constexpr std::int64_t SHARE_ROWS = 32;  // threads divide the rows of W in blocks of so many
static_assert(SHARE_ROWS % PANEL_ROWS == 0, "a block of rows is whole panels");

// Columns that a kernel takes at a step.
constexpr std::int64_t step_columns(Kind kind) {
    return kind == Kind::F32 ? 1 : kind == Kind::BF16 ? 2 : kind == Kind::INT8 ? 4 : 8;
}

constexpr std::int64_t padded_columns(Kind kind, std::int64_t columns) {
    return (columns + step_columns(kind) - 1) / step_columns(kind) * step_columns(kind);
}

inline std::int64_t num_panels(PackedMatrix const& w) { return (w.rows + PANEL_ROWS - 1) / PANEL_ROWS; }
inline std::int64_t num_groups(PackedMatrix const& w) { return (w.columns + w.group - 1) / w.group; }

// Bytes of one panel's values: every step is two vectors.
inline std::int64_t panel_bytes(PackedMatrix const& w) {
    return padded_columns(w.kind, w.columns) / step_columns(w.kind) * 2 * VECTOR_BYTES;
}

// Rows of activations in tiles that differ by at most one row.
struct Tiles {
    std::int64_t rows, count;
    explicit Tiles(std::int64_t rows) : rows(rows), count((rows + MAX_TILE_ROWS - 1) / MAX_TILE_ROWS) {}
    std::int64_t start(std::int64_t tile) const { return rows * tile / count; }
    std::int64_t of_row(std::int64_t row) const { return ((row + 1) * count - 1) / rows; }
};

std::int64_t unit_bytes(Kind kind);  // of one unit of an Input
std::int64_t row_bytes(Input const& input);
std::int64_t groups_of(Input const& input);

// Columns are filled in parts: a group, or a run of columns. Threads divide parts and not rows, since rows of a tile lie
// in the same cache lines, which would wander between the processors.
std::int64_t num_parts(Input const& input);
void fill_parts(Input const& input, std::int64_t row, float const* x_K, std::int64_t first, std::int64_t last);

}  // namespace samovar
