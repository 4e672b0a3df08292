// Cross-entropy and its gradient on a processor. A row of logits is read from memory once, and its gradient is written
// over it; in between it lies in the cache, for the largest logit, the softmax's denominator and the shares.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "lanes.h"

namespace samovar {

namespace {

constexpr float LOG2E = 1.44269504f;
constexpr float LEAST = -3.0e38f;  // below every logit; less infinity would make NaN of a difference

inline Floats read(float const* from) { return load(from); }
inline Floats read(std::uint16_t const* from) { return load_bfloat16(from); }
inline float number(float const* from) { return *from; }
inline float number(std::uint16_t const* from) { return to_float(*from); }
inline void write(float* to, Floats x) { store(to, x); }
inline void write(std::uint16_t* to, Floats x) { store_bfloat16(to, x); }
inline void set(float* to, float x) { *to = x; }
inline void set(std::uint16_t* to, float x) { *to = to_bfloat16(x); }

struct Penalties {
    float z_loss, smoothing;
};

// What a row's logits come to: the logarithm of the softmax's denominator, and their sum.
struct Sums {
    float z, total;
};

template <class Number>
Sums sums_of(Number const* logits, std::int64_t vocabulary) {
    std::int64_t whole = vocabulary / LANES * LANES;
    Floats most = all(LEAST), totals{}, check{};
    for (std::int64_t i = 0; i < whole; i += LANES) {
        Floats x = read(logits + i);
        most = larger(most, x);
        totals += x;
        check += x * 0.0f;  // NaN for what is not finite, which a comparison may pass over
    }
    float highest = largest(most), total = sum(totals), shares = sum(check);
    for (std::int64_t i = whole; i < vocabulary; ++i) {
        float x = number(logits + i);
        highest = std::max(highest, x), total += x, shares += x * 0.0f;
    }
    Floats parts{};
    for (std::int64_t i = 0; i < whole; i += LANES) parts += exp2((read(logits + i) - highest) * LOG2E);
    shares += sum(parts);
    for (std::int64_t i = whole; i < vocabulary; ++i) shares += std::exp2((number(logits + i) - highest) * LOG2E);
    return {highest + std::log(shares), total};
}

// The loss of a row and the z-loss in it, both times the row's weight.
template <class Number>
void differentiate(Number* logits, std::int64_t vocabulary, std::int64_t target, float weight, Penalties penalties,
                   float* loss, float* z_part) {
    auto [z_loss, smoothing] = penalties;
    auto [z, total] = sums_of(logits, vocabulary);
    float right = number(logits + target), squared = z_loss * z * z;
    float plain = (1.0f - smoothing) * (z - right) + smoothing * (z - total / vocabulary);
    *loss = weight * (plain + squared), *z_part = weight * squared;
    float factor = weight * (1.0f + 2.0f * z_loss * z), everywhere = weight * smoothing / vocabulary;
    float at_target = std::exp(right - z) * factor - everywhere - weight * (1.0f - smoothing);
    std::int64_t whole = vocabulary / LANES * LANES;
    for (std::int64_t i = 0; i < whole; i += LANES) {
        write(logits + i, exp2((read(logits + i) - z) * LOG2E) * factor - everywhere);
    }
    for (std::int64_t i = whole; i < vocabulary; ++i) {
        set(logits + i, std::exp2((number(logits + i) - z) * LOG2E) * factor - everywhere);
    }
    set(logits + target, at_target);
}

template <class Number>
void differentiate_all(void* logits, std::int64_t const* target, float const* weight, std::int64_t rows,
                       std::int64_t vocabulary, Penalties penalties, float* loss, float* z_part, std::int64_t threads) {
#pragma omp parallel for num_threads(threads)
    for (std::int64_t row = 0; row < rows; ++row) {
        differentiate(static_cast<Number*>(logits) + row * vocabulary, vocabulary, target[row],
                      weight == nullptr ? 1.0f : weight[row], penalties, loss + row, z_part + row);
    }
}

}  // namespace

// Logits are rows of float32 or bfloat16 without gaps; `weight` may be null.
extern "C" void samovar_cross_entropy(int is_bfloat16, void* logits, std::int64_t const* target, float const* weight,
                                      std::int64_t rows, std::int64_t vocabulary, float z_loss, float smoothing,
                                      float* loss, float* z_part, std::int64_t threads) {
    auto* work = is_bfloat16 ? &differentiate_all<std::uint16_t> : &differentiate_all<float>;
    work(logits, target, weight, rows, vocabulary, {z_loss, smoothing}, loss, z_part, threads);
}

}  // namespace samovar
