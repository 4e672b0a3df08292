// Packing and products for who calls C: Python's ctypes, in packing weights, tests and benchmarks.
#include <atomic>
#include <exception>

#include "buffer.h"
#include "matmul.h"

using namespace samovar;

namespace {

template <class Work>
void side_by_side(int threads, Work& work) {
    run_together(threads, [](void* context, int index) { (*static_cast<Work*>(context))(index); }, &work);
}

}  // namespace

extern "C" {

// A PackedMatrix, to be freed with samovar_free_matrix; null where memory is short. For the arguments see PlainMatrix.
PackedMatrix* samovar_pack(std::int32_t kind, std::int64_t rows, std::int64_t columns, std::int64_t group,
                           void const* values, float const* scales, std::uint8_t const* zeros, float const* bias) {
    try {
        PlainMatrix const plain{static_cast<Kind>(kind), rows, columns, group, values, scales, zeros, bias};
        return new PackedMatrix(pack(plain));
    } catch (std::exception const&) {
        return nullptr;
    }
}

void samovar_free_matrix(PackedMatrix* w) { delete w; }

std::int64_t samovar_matrix_bytes(PackedMatrix const* w) { return static_cast<std::int64_t>(w->size_bytes()); }

void samovar_unpack_row(PackedMatrix const* w, std::int64_t row, float* out_K) { unpack_row(*w, row, out_K); }

// y = x W^T for each of `count` matrices in turn, all of one kind and shape, with `threads` threads; y is of the last.
// 0, or 1 where memory or threads are short.
int samovar_matmul(PackedMatrix const* const* matrices, std::int64_t count, float const* x, std::int64_t M, float* y,
                   int threads) {
    try {
        Barrier barrier;
        barrier.reset(threads);
        std::size_t const size = matmul_scratch_bytes(*matrices[0], M, threads);
        Buffer<std::uint8_t> scratch;
        scratch.of(static_cast<std::int64_t>(size));
        auto work = [&](int index) {
            Team const team{index, threads, &barrier, scratch.get(), size};
            for (std::int64_t i = 0; i < count; ++i) {
                matmul(*matrices[i], x, M, y, team);
                team.wait();
            }
        };
        side_by_side(threads, work);
        return 0;
    } catch (std::exception const&) {
        return 1;
    }
}

// Reads the values of a matrix once, with `threads` threads, and does no more than it must: what memory allows. Gives the
// sum of their words, so that no compiler leaves the reading out.
std::uint32_t samovar_read_matrix(PackedMatrix const* w, int threads) {
    std::atomic<std::uint32_t> total{0};
    auto work = [&](int index) {
        std::int64_t first, last;
        Team{index, threads, nullptr, nullptr, 0}.share(static_cast<std::int64_t>(w->values.size() / 4), &first, &last);
        std::uint32_t sum = 0;
        for (auto const* words = w->values.as<std::uint32_t>(); first < last; ++first) sum += words[first];
        total += sum;
    };
    side_by_side(threads, work);
    return total;
}

}  // extern "C"
