// One vector's worth of arithmetic, for AVX512, AVX2, and by the compiler's own vectors for everything else.
//
// All but the dot products is written in vectors of the compiler (GCC's and Clang's vector_size), which become the
// processor's instructions; the dot products are what processors have special instructions for.
#pragma once

#include <cstdint>
#include <cstring>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace samovar {

#if defined(__AVX512F__) && defined(__AVX512BW__)
#define SAMOVAR_AVX512 1
constexpr int LANES = 16;
constexpr int MAX_TILE_ROWS = 12;  // 24 of the 32 registers are sums, the rest weights and activations
#elif defined(__AVX2__) && defined(__FMA__)
#define SAMOVAR_AVX2 1
constexpr int LANES = 8;
constexpr int MAX_TILE_ROWS = 4;  // 8 of 16 registers
#else
constexpr int LANES = 4;
constexpr int MAX_TILE_ROWS = 4;
#endif

constexpr int VECTOR_BYTES = 4 * LANES;
constexpr int PANEL_ROWS = 2 * LANES;  // rows of W that a kernel multiplies side by side: two vectors

typedef float F __attribute__((vector_size(VECTOR_BYTES)));
typedef std::int32_t I __attribute__((vector_size(VECTOR_BYTES)));
typedef std::uint32_t U __attribute__((vector_size(VECTOR_BYTES)));
typedef std::int16_t S __attribute__((vector_size(VECTOR_BYTES)));
typedef std::uint8_t B __attribute__((vector_size(VECTOR_BYTES)));

template <class Vector>
inline Vector load(void const* from) {
    Vector v;
    std::memcpy(&v, from, sizeof v);
    return v;
}
template <class Vector>
inline void store(void* to, Vector v) {
    std::memcpy(to, &v, sizeof v);
}
inline F splat(float x) { return x - F{}; }
inline I splat(std::int32_t x) { return x - I{}; }
inline std::int32_t load_int(void const* from) {
    std::int32_t x;
    std::memcpy(&x, from, sizeof x);
    return x;
}
inline float load_float(void const* from) {
    float x;
    std::memcpy(&x, from, sizeof x);
    return x;
}
inline F to_float(I x) { return __builtin_convertvector(x, F); }

inline F multiply_add(F a, F b, F c) {
#if SAMOVAR_AVX512
    return _mm512_fmadd_ps(a, b, c);
#elif SAMOVAR_AVX2
    return _mm256_fmadd_ps(a, b, c);
#else
    return a * b + c;
#endif
}

inline F widen_bfloat16(void const* from) {
    typedef std::uint16_t Half __attribute__((vector_size(2 * LANES)));
    return (F)(__builtin_convertvector(load<Half>(from), U) << 16);
}
// The compiler's own conversion is lane by lane in GCC 12.
inline I widen_uint8(void const* from) {
#if SAMOVAR_AVX512
    return (I)_mm512_cvtepu8_epi32(load<__m128i>(from));
#elif SAMOVAR_AVX2
    return (I)_mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<__m128i const*>(from)));
#else
    typedef std::uint8_t Small __attribute__((vector_size(LANES)));
    return __builtin_convertvector(load<Small>(from), I);
#endif
}

// To int8, where values are within it.
typedef std::int8_t Quarter __attribute__((vector_size(LANES)));
inline Quarter narrow_to_int8(I x) {
#if SAMOVAR_AVX512
    return (Quarter)_mm512_cvtepi32_epi8((__m512i)x);
#else
    return __builtin_convertvector(x, Quarter);
#endif
}

// float32 x float32, one value a lane.
struct FloatDot {
    static constexpr int STEP = 1, INPUT_BYTES = 4;
    static F weights(void const* from) { return load<F>(from); }
    static F inputs(void const* from) { return splat(load_float(from)); }
    static F dot(F sum, F w, F x) { return multiply_add(w, x, sum); }
};

// bfloat16 weights, two values a lane.
struct BfloatDot {
    static constexpr int STEP = 2;
#if SAMOVAR_AVX512 && defined(__AVX512BF16__)
    static constexpr int INPUT_BYTES = 4;  // activations are bfloat16 too
    using Pair = __m512bh;
    static Pair weights(void const* from) { return load<Pair>(from); }
    static Pair inputs(void const* from) { return (Pair)splat(load_int(from)); }
    static F dot(F sum, Pair w, Pair x) { return _mm512_dpbf16_ps(sum, w, x); }
#else
    static constexpr int INPUT_BYTES = 8;  // activations stay float32
    struct Pair {
        F first, second;
    };
    static Pair weights(void const* from) {
        U const both = load<U>(from);
        return {(F)(both << 16), (F)(both & 0xffff0000u)};
    }
    static Pair inputs(void const* from) {
        return {splat(load_float(from)), splat(load_float(static_cast<char const*>(from) + 4))};
    }
    static F dot(F sum, Pair w, Pair x) {
        return multiply_add(w.second, x.second, multiply_add(w.first, x.first, sum));
    }
#endif
};

// int8 activations, four values a lane; sums are exact.
struct ByteDot {
    static constexpr int STEP = 4, INPUT_BYTES = 4;
#if SAMOVAR_AVX512 && defined(__AVX512VNNI__)
    // The instruction wants one side unsigned: weights are stored with 128 added, and 128 times the sum of the
    // activations is taken off again.
    static constexpr int WEIGHT_OFFSET = 128;
    using Quad = I;
    static Quad weights(B bytes) { return (Quad)bytes; }
    static Quad inputs(void const* from) { return splat(load_int(from)); }
    static I dot(I sum, Quad w, Quad x) { return (I)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)w, (__m512i)x); }
#elif SAMOVAR_AVX512 || SAMOVAR_AVX2
    // Bytes in even and in odd places as 16 bits: products of 8 bits added in pairs don't fit into 16.
    static constexpr int WEIGHT_OFFSET = 0;
    struct Quad {
        S even, odd;
    };
    static Quad weights(B bytes) { return {(S)((S)bytes << 8) >> 8, (S)bytes >> 8}; }
    static Quad inputs(void const* from) { return weights((B)splat(load_int(from))); }
    static I dot(I sum, Quad w, Quad x) { return sum + multiply_pairs(w.even, x.even) + multiply_pairs(w.odd, x.odd); }
    static I multiply_pairs(S a, S b) {
#if SAMOVAR_AVX512
        return (I)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#else
        return (I)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#endif
    }
#else
    static constexpr int WEIGHT_OFFSET = 0;
    struct Quad {
        I byte[4];
    };
    static Quad weights(B bytes) {
        I const all = (I)bytes;
        return {{(all << 24) >> 24, (all << 16) >> 24, (all << 8) >> 24, all >> 24}};
    }
    static Quad inputs(void const* from) { return weights((B)splat(load_int(from))); }
    static I dot(I sum, Quad w, Quad x) {
        return sum + w.byte[0] * x.byte[0] + w.byte[1] * x.byte[1] + w.byte[2] * x.byte[2] + w.byte[3] * x.byte[3];
    }
#endif
};

}  // namespace samovar
