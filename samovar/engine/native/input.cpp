// Activations in the form that a kind of weights is multiplied with.
//
// Rows stand in tiles of up to MAX_TILE_ROWS, as even as they can be. Within a tile the rows stand side by side: the
// first unit of every row (one float, two bfloat16, four int8), then the second unit of every row. So a kernel reads one
// stream. Columns are padded with zeros to whole steps of the weights.
#include "layout.h"

#include <cfloat>
#include <cmath>

namespace samovar {

namespace {

std::size_t rounded(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

constexpr std::int64_t FLOAT_PART = 64;  // columns; whole steps

bool has_int8_input(Kind kind) { return kind == Kind::INT8 || kind == Kind::INT4; }

// Where the units of one row go.
struct RowPlace {
    std::uint8_t* values;
    float* scales;
    std::int32_t* sums;
    std::int64_t tile_rows;
};

RowPlace place_of(Input const& input, std::int64_t row) {
    Tiles const tiles(input.rows);
    std::int64_t const tile = tiles.of_row(row), first = tiles.start(tile), within = row - first;
    std::int64_t const groups = groups_of(input);
    return {input.values + first * row_bytes(input) + within * unit_bytes(input.kind),
            input.scales + first * groups + within, input.sums + first * groups + within, tiles.start(tile + 1) - first};
}

void fill_floats(Input const& input, RowPlace const& place, float const* x, std::int64_t first, std::int64_t last) {
    std::int64_t const unit = unit_bytes(input.kind), floats = unit / 4;
    for (std::int64_t k = first; k < last; k += floats) {
        float const both[2] = {x[k], k + 1 < last ? x[k + 1] : 0.0f};
        std::memcpy(place.values + k / floats * place.tile_rows * unit, both, unit);
    }
}

// To the nearest bfloat16, ties to even; NaN stays NaN.
Halves round_to_bfloat16(Floats x) {
    Words const bits = (Words)x, rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return __builtin_convertvector(x == x ? rounded : bits >> 16 | 64, Halves);
}

void fill_bfloat16(Input const&, RowPlace const& place, float const* x, std::int64_t first, std::int64_t last) {
    std::int64_t const stride = 4 * place.tile_rows;
    std::uint8_t* to = place.values + first / 2 * stride;
    std::int64_t k = first;
    for (; k + LANES <= last; k += LANES) {
        Halves const halves = round_to_bfloat16(load(x + k));
        for (int unit = 0; unit < LANES / 2; ++unit, to += stride)
            std::memcpy(to, reinterpret_cast<char const*>(&halves) + 4 * unit, 4);
    }
    if (k == last) return;
    Floats rest = {};
    std::memcpy(&rest, x + k, 4 * (last - k));
    Halves const halves = round_to_bfloat16(rest);
    for (int unit = 0; unit < (last - k + 1) / 2; ++unit, to += stride)
        std::memcpy(to, reinterpret_cast<char const*>(&halves) + 4 * unit, 4);
}

// The largest magnitude; NaN if there is one. As integers, magnitudes of floats stand in order and NaN above all.
float largest_magnitude(float const* x, std::int64_t count) {
    Ints most = {};
    std::int64_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        Ints const magnitude = load<Ints>(x + k) & 0x7fffffff;
        most = magnitude > most ? magnitude : most;
    }
    std::int32_t largest = 0;
    for (int lane = 0; lane < LANES; ++lane) largest = std::max<std::int32_t>(largest, most[lane]);
    for (; k < count; ++k) largest = std::max<std::int32_t>(largest, load_int(x + k) & 0x7fffffff);
    return load_float(&largest);
}

// To the nearest whole number, ties to even: adding this constant leaves no bits for a fraction.
constexpr float ROUNDER = 12582912.0f;

// Quantizes `count` values of a group to units at `to`, `stride` bytes from each other; gives their sum.
std::int32_t fill_group(float const* x, std::int64_t count, float inverse, std::uint8_t* to, std::int64_t stride) {
    Ints sum = {};
    std::int64_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        Floats const scaled = multiply_add(load(x + k), all(inverse), all(ROUNDER)) - all(ROUNDER);
        Ints const whole = __builtin_convertvector(scaled, Ints);
        Octets const bytes = narrow_to_int8(whole);
        sum += whole;
        for (int unit = 0; unit < LANES / 4; ++unit, to += stride)
            std::memcpy(to, reinterpret_cast<char const*>(&bytes) + 4 * unit, 4);
    }
    std::int32_t total = 0;
    for (int lane = 0; lane < LANES; ++lane) total += sum[lane];
    for (; k < count; to += stride) {
        std::int8_t unit[4] = {};
        for (int at = 0; at < 4 && k < count; ++at, ++k) {
            unit[at] = static_cast<std::int8_t>((x[k] * inverse + ROUNDER) - ROUNDER);
            total += unit[at];
        }
        std::memcpy(to, unit, 4);
    }
    return total;
}

// One group as int8, with its scale and sum.
void fill_int8(Input const& input, RowPlace const& place, float const* x, std::int64_t group) {
    constexpr float LARGEST = 127.0f;
    std::int64_t const stride = 4 * place.tile_rows, first = group * input.group;
    std::int64_t const count = std::min(input.group, input.columns - first);
    float const most = largest_magnitude(x + first, count);
    // Of values that aren't finite no number is left: the outputs become NaN, as they would in float32.
    float const scale = most <= FLT_MAX ? most / LARGEST : NAN;
    float const inverse = most <= FLT_MAX && most >= FLT_MIN ? LARGEST / most : 0.0f;
    place.scales[group * place.tile_rows] = scale;
    place.sums[group * place.tile_rows] = -fill_group(x + first, count, inverse, place.values + first / 4 * stride, stride);
}

// Zeros in the steps' padding, which belongs to no group.
void fill_padding(Input const& input, RowPlace const& place) {
    std::int64_t const from = (input.columns + 3) / 4, to = padded_columns(input.kind, input.columns) / 4;
    for (std::int64_t unit = from; unit < to; ++unit) std::memset(place.values + unit * 4 * place.tile_rows, 0, 4);
}

}  // namespace

std::int64_t unit_bytes(Kind kind) {
    if (kind == Kind::BF16) return BfloatDot::INPUT_BYTES;
    return 4;
}

std::int64_t row_bytes(Input const& input) {
    std::int64_t const values_a_unit = input.kind == Kind::BF16 ? 2 : input.kind == Kind::F32 ? 1 : 4;
    return padded_columns(input.kind, input.columns) / values_a_unit * unit_bytes(input.kind);
}

std::int64_t groups_of(Input const& input) { return (input.columns + input.group - 1) / input.group; }

namespace {

std::size_t values_size(Input const& input) { return rounded(input.rows * row_bytes(input)); }
std::size_t scales_size(Input const& input) {
    return has_int8_input(input.kind) ? rounded(4 * input.rows * groups_of(input)) : 0;
}

}  // namespace

Input input_view(PackedMatrix const& w, std::int64_t M, void* memory) {
    Input input{w.kind, M, w.columns, w.group, static_cast<std::uint8_t*>(memory), nullptr, nullptr};
    std::uint8_t* const scales = input.values + values_size(input);
    input.scales = reinterpret_cast<float*>(scales);
    input.sums = reinterpret_cast<std::int32_t*>(scales + scales_size(input));
    return input;
}

std::size_t input_bytes(PackedMatrix const& w, std::int64_t M) {
    Input const input{w.kind, M, w.columns, w.group, nullptr, nullptr, nullptr};
    return values_size(input) + 2 * scales_size(input);
}

std::int64_t num_parts(Input const& input) {
    return has_int8_input(input.kind) ? groups_of(input) : (input.columns + FLOAT_PART - 1) / FLOAT_PART;
}

void fill_parts(Input const& input, std::int64_t row, float const* x_K, std::int64_t first, std::int64_t last) {
    if (first == last) return;
    RowPlace const place = place_of(input, row);
    if (has_int8_input(input.kind)) {
        for (std::int64_t group = first; group < last; ++group) fill_int8(input, place, x_K, group);
        if (last == groups_of(input)) fill_padding(input, place);
        return;
    }
    bool const is_rounded = input.kind == Kind::BF16 && BfloatDot::INPUT_BYTES == 4;
    auto const fill = is_rounded ? fill_bfloat16 : fill_floats;
    fill(input, place, x_K, first * FLOAT_PART, std::min(last * FLOAT_PART, input.columns));
}

void fill_row(Input const& input, std::int64_t row, float const* x_K) {
    fill_parts(input, row, x_K, 0, num_parts(input));
}

void input_share(std::int64_t M, Team const& team, std::int64_t* first, std::int64_t* last) {
    Tiles const tiles(M);
    team.share(tiles.count, first, last);
    *first = tiles.start(*first);
    *last = tiles.start(*last);
}

}  // namespace samovar
