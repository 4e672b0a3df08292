// The gate of a feed-forward block, silu(gate) * up (Shazeer 2020, arXiv:2002.05202), and its gradient: bfloat16,
// computed in float32.
#include <algorithm>
#include <cstdint>

#include "lanes.h"

namespace samovar {

namespace {

constexpr float LOG2E = 1.44269504f;
constexpr std::int64_t PIECE = 4096;  // numbers that a thread takes at a time

Floats sigmoid(Floats x) { return 1.0f / (1.0f + exp2(smaller(x * -LOG2E, all(126.0f)))); }

// Calls `work` with the place of LANES numbers, of all `count`; a last place holds fewer.
template <class Work>
void for_each_place(std::int64_t count, std::int64_t threads, Work work) {
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t first = 0; first < count; first += PIECE) {
        std::int64_t last = std::min(first + PIECE, count);
        for (std::int64_t i = first; i < last; i += LANES) work(i, std::min<std::int64_t>(LANES, last - i));
    }
}

Floats read(std::uint16_t const* from, std::int64_t some) {
    if (some == LANES) return load_bfloat16(from);
    std::uint16_t numbers[LANES] = {};
    std::copy_n(from, some, numbers);
    return load_bfloat16(numbers);
}

void write(std::uint16_t* to, Floats x, std::int64_t some) {
    if (some == LANES) return store_bfloat16(to, x);
    std::uint16_t numbers[LANES];
    store_bfloat16(numbers, x);
    std::copy_n(numbers, some, to);
}

}  // namespace

extern "C" {

void samovar_gate(std::int64_t count, std::uint16_t const* gate, std::uint16_t const* up, std::uint16_t* gated,
                  std::int64_t threads) {
    for_each_place(count, threads, [=](std::int64_t i, std::int64_t some) {
        Floats x = read(gate + i, some);
        write(gated + i, x * sigmoid(x) * read(up + i, some), some);
    });
}

void samovar_gate_backward(std::int64_t count, std::uint16_t const* gradient, std::uint16_t const* gate,
                           std::uint16_t const* up, std::uint16_t* for_gate, std::uint16_t* for_up,
                           std::int64_t threads) {
    for_each_place(count, threads, [=](std::int64_t i, std::int64_t some) {
        Floats x = read(gate + i, some), share = sigmoid(x), pull = read(gradient + i, some);
        write(for_gate + i, pull * read(up + i, some) * share * (1.0f + x * (1.0f - share)), some);
        write(for_up + i, pull * x * share, some);
    });
}

}

}  // namespace samovar
