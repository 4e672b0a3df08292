// Weights brought into the order in which the kernels read them.
//
// The rows of W stand in panels of PANEL_ROWS, one to a lane of two vectors. A panel is its columns step by step: at every
// step each lane has the next 4 bytes of its row (one float, two bfloat16, four int8, eight int4). Of eight int4 the first
// four are the lower halves of the bytes. Rows and columns are filled up with zeros to whole panels and steps.
#include "layout.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace samovar {

namespace {

// The products of twice as many columns, 128 * 127 at most, may not fit into a sum of 32 bits.
constexpr std::int64_t LARGEST_GROUP = 65536;

constexpr std::size_t LARGE_PAGE = std::size_t{2} << 20, BLOCK = std::size_t{32} << 20, LINE = 64;

std::size_t whole(std::size_t size, std::size_t unit) { return (size + unit - 1) / unit * unit; }

std::shared_ptr<std::uint8_t> block(std::size_t size) {
    auto* const memory = static_cast<std::uint8_t*>(std::aligned_alloc(LARGE_PAGE, size));
    if (memory == nullptr) throw std::bad_alloc();
#if defined(__linux__)
    madvise(memory, size, MADV_HUGEPAGE);  // a wish: where it fails, pages stay small
#endif
    return {memory, [](std::uint8_t* all) { std::free(all); }};
}

// Memory that is not yet zeroed: what is large has a block of its own, the rest is cut from the block begun last.
std::shared_ptr<std::uint8_t> piece(std::size_t size) {
    static std::mutex turn;
    static std::weak_ptr<std::uint8_t> begun;
    static std::size_t used = 0;
    if (size > BLOCK / 4) return block(whole(size, LARGE_PAGE));
    std::lock_guard<std::mutex> const lock(turn);
    std::shared_ptr<std::uint8_t> from = begun.lock();
    if (from == nullptr || used + size > BLOCK) begun = from = block(BLOCK), used = 0;
    std::uint8_t* const at = from.get() + used;
    used += whole(size, LINE);
    return {from, at};
}

bool is_bfloat16(float x) {
    std::uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return (bits & 0xffff) == 0;
}

// Where the 4 bytes of one step and row are.
std::uint8_t* cell(PackedMatrix const& w, std::int64_t row, std::int64_t step) {
    std::uint8_t* const panel = w.values.as<std::uint8_t>() + row / PANEL_ROWS * panel_bytes(w);
    return panel + (step * PANEL_ROWS + row % PANEL_ROWS) * 4;
}

// Where the scale or zero of one row and group is, in numbers.
std::int64_t group_place(PackedMatrix const& w, std::int64_t row, std::int64_t group) {
    return (row / PANEL_ROWS * num_groups(w) + group) * PANEL_ROWS + row % PANEL_ROWS;
}

// Values of one row at one step as 4 bytes; `count` of them are there.
std::uint32_t step_of_row(Kind kind, void const* values, std::int64_t at, std::int64_t count) {
    std::uint32_t word = 0;
    auto const* const bytes = static_cast<std::uint8_t const*>(values) + at;
    if (kind == Kind::F32) {
        std::memcpy(&word, static_cast<float const*>(values) + at, 4);
    } else if (kind == Kind::BF16) {
        std::memcpy(&word, static_cast<std::uint16_t const*>(values) + at, 2 * count);
    } else if (kind == Kind::INT8) {
        for (std::int64_t i = 0; i < count; ++i) {
            auto const shifted = static_cast<std::uint8_t>(bytes[i] + ByteDot::WEIGHT_OFFSET);
            word |= std::uint32_t{shifted} << 8 * i;
        }
    } else {
        for (std::int64_t i = 0; i < count; ++i) word |= std::uint32_t{bytes[i]} << (8 * (i % 4) + i / 4 * 4);
    }
    return word;
}

void pack_values(PackedMatrix& w, PlainMatrix const& plain) {
    std::int64_t const width = step_columns(w.kind), steps = padded_columns(w.kind, w.columns) / width;
    w.values = Bytes(num_panels(w) * panel_bytes(w));
    for (std::int64_t row = 0; row < w.rows; ++row) {
        for (std::int64_t step = 0; step < steps; ++step) {
            std::int64_t const column = step * width, count = std::min(width, w.columns - column);
            std::uint32_t const word = step_of_row(w.kind, plain.values, row * w.columns + column, count);
            std::memcpy(cell(w, row, step), &word, 4);
        }
    }
}

void pack_row_scales(PackedMatrix& w, float const* scales) {
    w.scales = Bytes(num_panels(w) * PANEL_ROWS * 4);
    std::memcpy(w.scales.as<float>(), scales, w.rows * 4);
}

void pack_group_scales(PackedMatrix& w, float const* scales) {
    std::int64_t const groups = num_groups(w);
    w.has_narrow_scales = std::all_of(scales, scales + w.rows * groups, is_bfloat16);
    w.scales = Bytes(num_panels(w) * groups * PANEL_ROWS * (w.has_narrow_scales ? 2 : 4));
    for (std::int64_t row = 0; row < w.rows; ++row) {
        for (std::int64_t group = 0; group < groups; ++group) {
            std::int64_t const place = group_place(w, row, group);
            float const scale = scales[row * groups + group];
            if (w.has_narrow_scales) {
                std::memcpy(w.scales.as<std::uint16_t>() + place, reinterpret_cast<char const*>(&scale) + 2, 2);
            } else {
                w.scales.as<float>()[place] = scale;
            }
        }
    }
}

void pack_zeros(PackedMatrix& w, std::uint8_t const* zeros) {
    std::int64_t const groups = num_groups(w);
    if (std::all_of(zeros, zeros + w.rows * groups, [](std::uint8_t zero) { return zero == 8; })) return;
    w.zeros = Bytes(num_panels(w) * groups * PANEL_ROWS);
    for (std::int64_t row = 0; row < w.rows; ++row)
        for (std::int64_t group = 0; group < groups; ++group)
            w.zeros.as<std::uint8_t>()[group_place(w, row, group)] = zeros[row * groups + group];
}

float int4_value(PackedMatrix const& w, std::int64_t row, std::int64_t column) {
    std::int64_t const place = group_place(w, row, column / w.group), within = column % 8;
    std::uint8_t const byte = cell(w, row, column / 8)[within % 4];
    int const value = within < 4 ? byte & 15 : byte >> 4;
    int const zero = w.zeros.size() ? w.zeros.as<std::uint8_t>()[place] : 8;
    float scale;
    if (w.has_narrow_scales) {
        std::uint32_t const bits = std::uint32_t{w.scales.as<std::uint16_t>()[place]} << 16;
        std::memcpy(&scale, &bits, 4);
    } else {
        scale = w.scales.as<float>()[place];
    }
    return scale * static_cast<float>(value - zero);
}

float value_at(PackedMatrix const& w, std::int64_t row, std::int64_t column) {
    std::uint8_t const* const bytes = cell(w, row, column / step_columns(w.kind));
    switch (w.kind) {
        case Kind::F32:
            return load_float(bytes);
        case Kind::BF16: {
            std::uint32_t const word = static_cast<std::uint32_t>(load_int(bytes));
            std::uint32_t const bits = column % 2 ? word & 0xffff0000u : word << 16;
            return load_float(&bits);
        }
        case Kind::INT8: {
            auto const value = static_cast<std::int8_t>(bytes[column % 4] - ByteDot::WEIGHT_OFFSET);
            return w.scales.as<float>()[row] * static_cast<float>(value);
        }
        default:
            return int4_value(w, row, column);
    }
}

}  // namespace

Bytes::Bytes(std::size_t size) : data_(piece(size)), size_(size) { std::memset(data_.get(), 0, size); }

std::size_t PackedMatrix::size_bytes() const { return values.size() + scales.size() + zeros.size() + bias.size(); }

PackedMatrix pack(PlainMatrix const& plain) {
    PackedMatrix w;
    w.kind = plain.kind;
    w.rows = plain.rows;
    w.columns = plain.columns;
    std::int64_t const all = padded_columns(w.kind, w.columns);
    w.group = plain.group > 0 && plain.group < all ? plain.group : all;
    if (w.kind == Kind::INT8) w.group = std::min(w.group, LARGEST_GROUP);
    pack_values(w, plain);
    if (w.kind == Kind::INT8) pack_row_scales(w, plain.scales);
    if (w.kind == Kind::INT4) pack_group_scales(w, plain.scales);
    if (w.kind == Kind::INT4 && plain.zeros != nullptr) pack_zeros(w, plain.zeros);
    if (plain.bias != nullptr) {
        w.bias = Bytes(num_panels(w) * PANEL_ROWS * 4);
        std::memcpy(w.bias.as<float>(), plain.bias, w.rows * 4);
    }
    return w;
}

void unpack_row(PackedMatrix const& w, std::int64_t row, float* out_K) {
    for (std::int64_t column = 0; column < w.columns; ++column) out_K[column] = value_at(w, row, column);
}

}  // namespace samovar
