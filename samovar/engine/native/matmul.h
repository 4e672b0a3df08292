// Products of activations with packed weights: y = x W^T, where x is float32, and W is float32, bfloat16, int8 or int4.
//
// Letters: M rows of x, N rows of W (outputs), K columns of W (inputs), G columns that share a scale.
//
// Weights are packed once, when a model is loaded, in the order in which the kernels read them, so that a product is one
// stream through memory. Activations are brought into the form that the weights want (FormOf) by row: bfloat16, or int8
// with a scale every G columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "team.h"

namespace samovar {

enum class Kind : std::int32_t {
    F32 = 0,   // float32 weights, float32 activations
    BF16 = 1,  // bfloat16 weights; activations are rounded to bfloat16 where the processor multiplies such
    INT8 = 2,  // int8 weights with a scale a row; activations int8 with a scale every G columns
    INT4 = 3,  // weights 0..15 with a scale and a zero every G columns; activations as for INT8
};

// Row-major weights as they come from a file.
struct PlainMatrix {
    Kind kind;
    std::int64_t rows;           // N
    std::int64_t columns;        // K
    std::int64_t group;          // G; INT4: a multiple of 8 up to 256; INT8: a multiple of 8, or 0 for all (up to 65536)
    void const* values;          // F32: float; BF16: uint16 bits; INT8: int8; INT4: uint8, one value a byte, 0..15
    float const* scales;         // INT8: N; INT4: N x ceil(K / G), row-major; others: null
    std::uint8_t const* zeros;   // INT4: N x ceil(K / G), weight = scale * (value - zero); null means 8 everywhere
    float const* bias;           // N, added to every row of y; or null
};

// Zeroed memory, aligned to cache lines. Pieces are cut from blocks that they share, in large pages where the system has
// them: weights are read from end to end, and with small pages the processor looks up an address every 4 kilobytes.
class Bytes {
   public:
    Bytes() = default;
    explicit Bytes(std::size_t size);
    template <class T>
    T* as() const {
        return reinterpret_cast<T*>(data_.get());
    }
    std::size_t size() const { return size_; }

   private:
    std::shared_ptr<std::uint8_t> data_;  // a block is freed with the last of its pieces
    std::size_t size_ = 0;
};

// Weights in the order of the kernels (see pack.cpp). Movable; frees its memory.
struct PackedMatrix {
    Kind kind = Kind::F32;
    std::int64_t rows = 0;
    std::int64_t columns = 0;
    std::int64_t group = 0;        // G; the padded K where all columns share a scale
    bool has_narrow_scales = false;  // INT4: every scale is exact in bfloat16 and stored so
    Bytes values, scales, zeros, bias;

    std::size_t size_bytes() const;
};

PackedMatrix pack(PlainMatrix const& plain);

// Row `row` of the weights as float32, exactly as the product uses it: embeddings that are tied to the head.
void unpack_row(PackedMatrix const& w, std::int64_t row, float* out_K);

// The rows of W whose outputs this thread computes: [first, last), first a multiple of 32.
void matmul_share(PackedMatrix const& w, Team const& team, std::int64_t* first, std::int64_t* last);

// Bytes of team.scratch that a product with M rows needs.
std::size_t matmul_scratch_bytes(PackedMatrix const& w, std::int64_t M, int threads);

// y = x W^T + bias; x is M x K, y is M x N, both row-major and whole rows. All threads call it alike, when x is whole;
// each writes its own share of y and returns without waiting for the others. The scratch is in use until all have
// returned: wait before the next call.
void matmul(PackedMatrix const& w, float const* x, std::int64_t M, float* y, Team const& team);

// The same in two halves, for who makes rows of x one by one or multiplies one x with several matrices.
//
// Input is a view of memory that the caller gives; every thread may make its own view of the same memory.
struct Input {
    Kind kind;
    std::int64_t rows;     // M
    std::int64_t columns;  // K
    std::int64_t group;    // G
    std::uint8_t* values;  // tiles of rows, see input.cpp
    float* scales;         // per tile: groups x rows of the tile
    std::int32_t* sums;    // the same order: minus the sum of each group's int8 values
};

std::size_t input_bytes(PackedMatrix const& w, std::int64_t M);
Input input_view(PackedMatrix const& w, std::int64_t M, void* memory);  // memory: 64-byte aligned
void fill_row(Input const& input, std::int64_t row, float const* x_K);   // rows may be filled by different threads
// The rows that this thread had best fill when threads divide them: whole tiles, because the rows of a tile lie in the
// same cache lines, and a line that two processors write wanders between them. Up to about 16 rows it is quicker that
// every thread fills an Input of its own than that they wait for each other.
void input_share(std::int64_t M, Team const& team, std::int64_t* first, std::int64_t* last);
void multiply(PackedMatrix const& w, Input const& input, float* y, Team const& team);

}  // namespace samovar
