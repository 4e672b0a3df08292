// What is done to one row of activations at a time. Widths are multiples of 16.
#pragma once

#include <cmath>
#include <cstdint>

#include "lanes.h"

namespace samovar {

// RMSNorm (Zhang and Sennrich 2019, arXiv:1910.07467); `out` may be `x`.
inline void norm(float const* x_D, float const* weight_D, std::int64_t width, float eps, float* out_D) {
    constexpr int SUMS = 16 / LANES;
    Floats squares[SUMS] = {};
    for (std::int64_t i = 0; i < width; i += 16) {
        for (int j = 0; j < SUMS; ++j) {
            Floats x = load(x_D + i + j * LANES);
            squares[j] += x * x;
        }
    }
    float total = 0.0f;
    for (int j = 0; j < SUMS; ++j) total += sum(squares[j]);
    Floats scale = all(1.0f / std::sqrt(total / static_cast<float>(width) + eps));
    for (std::int64_t i = 0; i < width; i += LANES) store(out_D + i, load(x_D + i) * scale * load(weight_D + i));
}

// Multiply all by `scale` and rotate the first two times `pairs` numbers, in the half-split form (arXiv:2104.09864).
inline void turn(float* x_A, float const* cos_Q, float const* sin_Q, std::int64_t pairs, std::int64_t width,
                 float scale) {
    for (std::int64_t i = 0; i < pairs; ++i) {
        float one = x_A[i] * scale, other = x_A[i + pairs] * scale;
        x_A[i] = one * cos_Q[i] - other * sin_Q[i];
        x_A[i + pairs] = other * cos_Q[i] + one * sin_Q[i];
    }
    for (std::int64_t i = 2 * pairs; i < width; ++i) x_A[i] *= scale;
}

// Rows of the gate that stand together in a packed matrix, before as many of what they gate.
constexpr int GATED = 16;
constexpr float LOG2_E = 1.44269504f;

// silu(gate) * up for GATED numbers (Shazeer 2020, arXiv:2002.05202).
inline void gate(float const* gate_up, float* out) {
    for (int i = 0; i < GATED; i += LANES) {
        Floats x = load(gate_up + i);
        Floats power = exp2(smaller(x * -LOG2_E, all(126.0f)));
        store(out + i, x / (1.0f + power) * load(gate_up + GATED + i));
    }
}

// The largest of `count` numbers, at least one.
inline float largest(float const* x, std::int64_t count) {
    Floats most = all(x[0]);
    std::int64_t i = 0;
    for (; i + LANES <= count; i += LANES) most = larger(most, load(x + i));
    float value = largest(most);
    for (; i < count; ++i) value = x[i] > value ? x[i] : value;
    return value;
}

inline void add(float* x_D, float const* y_D, std::int64_t width, float factor) {
    for (std::int64_t i = 0; i < width; i += LANES) store(x_D + i, load(x_D + i) + load(y_D + i) * factor);
}

}  // namespace samovar
