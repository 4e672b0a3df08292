// Vectors of floats as wide as the processor has them, by the compiler's own vector types: one source for AVX512, AVX2,
// NEON and what has none of them.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace samovar {

#if defined(__AVX512F__) && defined(__AVX512BW__)
#define SAMOVAR_AVX512 1
constexpr int LANES = 16;
#elif defined(__AVX2__) && defined(__FMA__)
#define SAMOVAR_AVX2 1
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

typedef float Floats __attribute__((vector_size(LANES * 4)));
typedef std::int32_t Ints __attribute__((vector_size(LANES * 4)));
typedef std::uint32_t Words __attribute__((vector_size(LANES * 4)));
typedef std::uint16_t Halves __attribute__((vector_size(LANES * 2)));
typedef std::int16_t Shorts __attribute__((vector_size(LANES * 2)));
typedef std::int8_t Octets __attribute__((vector_size(LANES)));

template <class Vector = Floats>
inline Vector load(void const* from) {
    Vector x;
    std::memcpy(&x, from, sizeof x);
    return x;
}

inline void store(float* to, Floats x) { std::memcpy(to, &x, sizeof x); }

inline Floats all(float x) { return x - Floats{}; }
inline Ints all(std::int32_t x) { return x - Ints{}; }

inline Words load_words(void const* from) { return __builtin_convertvector(load<Halves>(from), Words); }

// bfloat16 is the upper half of a float32.
inline Floats load_bfloat16(void const* from) {
    return (Floats)(load_words(from) << 16);
}

// In each lane a pair of bfloat16: what a gives, to the nearest, in the lower half, and what b gives in the upper one.
inline Floats join_bfloat16(Floats a, Floats b) {
    Words lower = ((Words)a + 0x8000) >> 16, upper = ((Words)b + 0x8000) & 0xffff0000;
    return (Floats)(lower | upper);
}

// The pair at `from` in each lane.
inline Floats all_pairs(const float* from) {
    std::uint32_t pair;
    std::memcpy(&pair, from, sizeof pair);
    return (Floats)(pair - Words{});
}

// Whether the processor multiplies pairs of bfloat16, and adds the products to a float32.
#if SAMOVAR_AVX512 && defined(__AVX512BF16__)
constexpr bool MULTIPLIES_BFLOAT16 = true;
inline Floats dot_bfloat16(Floats a, Floats b, Floats sum) {
    return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
}
#else
constexpr bool MULTIPLIES_BFLOAT16 = false;
inline Floats dot_bfloat16(Floats a, Floats b, Floats sum) {
    Words x = (Words)a, y = (Words)b;
    return sum + (Floats)(x << 16) * (Floats)(y << 16) + (Floats)(x & 0xffff0000) * (Floats)(y & 0xffff0000);
}
#endif

inline Floats load_int8(const std::int8_t* from) {
    Octets octets = load<Octets>(from);
#if SAMOVAR_AVX512  // which gcc takes two steps for
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32((__m128i)octets));
#else
    // By way of 16 bits: straight to 32 gcc goes number by number.
    Shorts shorts = __builtin_convertvector(octets, Shorts);
    return __builtin_convertvector(__builtin_convertvector(shorts, Ints), Floats);
#endif
}

// To the nearest, ties to even, as torch rounds; NaN is not expected.
inline std::uint16_t to_bfloat16(float x) {
    std::uint32_t word;
    std::memcpy(&word, &x, sizeof word);
    return static_cast<std::uint16_t>((word + 0x7fff + ((word >> 16) & 1)) >> 16);
}

// All lanes, as to_bfloat16.
inline void store_bfloat16(std::uint16_t* to, Floats x) {
#if SAMOVAR_AVX512 && defined(__AVX512BF16__)
    __m256bh rounded = _mm512_cvtneps_pbh((__m512)x);
    std::memcpy(to, &rounded, sizeof rounded);
#else
    Words word = (Words)x;
    Halves upper = __builtin_convertvector((word + 0x7fff + ((word >> 16) & 1)) >> 16, Halves);
    std::memcpy(to, &upper, sizeof upper);
#endif
}

inline float to_float(std::uint16_t bfloat16) {
    std::uint32_t word = static_cast<std::uint32_t>(bfloat16) << 16;
    float x;
    std::memcpy(&x, &word, sizeof x);
    return x;
}

inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }
inline Floats smaller(Floats a, Floats b) { return a < b ? a : b; }

inline float sum(Floats x) {
    float total = 0.0f;
    for (int lane = 0; lane < LANES; ++lane) total += x[lane];
    return total;
}

inline float largest(Floats x) {
    float most = x[0];
    for (int lane = 1; lane < LANES; ++lane) most = x[lane] > most ? x[lane] : most;
    return most;
}

// 2 to the power of x, for x <= 127; 0 below -100, where products would leave the normal numbers. Within 3 units of the last place: the whole
// part goes into the exponent, the rest (at most a half) through the Taylor polynomial of degree 6.
inline Floats exp2(Floats x) {
    Floats power = larger(x, all(-101.0f));
    constexpr float ROUNDING = 12582912.0f;  // 1.5 * 2**23: adding it leaves no place for a fraction
    Floats whole = (power + ROUNDING) - ROUNDING;
    Floats rest = power - whole;
    Floats y = all(1.540353e-4f);
    y = y * rest + 1.33335581e-3f;
    y = y * rest + 9.61812911e-3f;
    y = y * rest + 5.55041087e-2f;
    y = y * rest + 2.40226507e-1f;
    y = y * rest + 6.93147181e-1f;
    y = y * rest + 1.0f;
    Ints exponent = (__builtin_convertvector(whole, Ints) + 127) << 23;
    return x > -100.0f ? y * (Floats)exponent : Floats{};
}

// Of every 2 * H lanes the first half from a and, in the place of the second, the first from b; and the second half of
// a in the place of the first, and that of b.
template <int H, int... L>
inline void exchange_lanes(Floats& a, Floats& b, std::integer_sequence<int, L...>) {
#if defined(__clang__)
    Floats first = __builtin_shufflevector(a, b, ((L & H) ? LANES + L - H : L)...);
    b = __builtin_shufflevector(a, b, ((L & H) ? LANES + L : L + H)...);
#else
    Floats first = __builtin_shuffle(a, b, Ints{((L & H) ? LANES + L - H : L)...});
    b = __builtin_shuffle(a, b, Ints{((L & H) ? LANES + L : L + H)...});
#endif
    a = first;
}

// LANES vectors as the rows of a square, which becomes its columns.
template <int H = LANES / 2>
inline void transpose(Floats* x) {
    for (int i = 0; i < LANES; ++i) {
        if (!(i & H)) exchange_lanes<H>(x[i], x[i + H], std::make_integer_sequence<int, LANES>{});
    }
    if constexpr (H > 1) transpose<H / 2>(x);
}

// The sums of LANES vectors, in one: lane i has that of x[i]. x is used up.
template <int H = LANES / 2>
inline Floats sums(Floats* x) {
    for (int i = 0; i < H; ++i) {
        exchange_lanes<H>(x[i], x[i + H], std::make_integer_sequence<int, LANES>{});
        x[i] += x[i + H];
    }
    if constexpr (H > 1) {
        return sums<H / 2>(x);
    } else {
        return x[0];
    }
}

}  // namespace samovar
