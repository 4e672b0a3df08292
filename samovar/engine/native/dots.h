// The products that kernels are made of, for each kind of weights: what processors have instructions of their own for.
#pragma once

#include "lanes.h"

namespace samovar {

#if SAMOVAR_AVX512
constexpr int MAX_TILE_ROWS = 12;  // 24 of the 32 registers are sums, the rest weights and activations
#else
constexpr int MAX_TILE_ROWS = 4;  // 8 of 16 registers
#endif

constexpr int VECTOR_BYTES = 4 * LANES;
constexpr int PANEL_ROWS = 2 * LANES;  // rows of W that a kernel multiplies side by side: two vectors

typedef std::int16_t ShortPairs __attribute__((vector_size(VECTOR_BYTES)));
typedef std::uint8_t ByteQuads __attribute__((vector_size(VECTOR_BYTES)));

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
inline Floats to_float(Ints x) { return __builtin_convertvector(x, Floats); }

inline Floats multiply_add(Floats a, Floats b, Floats c) {
#if SAMOVAR_AVX512
    return _mm512_fmadd_ps(a, b, c);
#elif SAMOVAR_AVX2
    return _mm256_fmadd_ps(a, b, c);
#else
    return a * b + c;
#endif
}

// The compiler's own conversion is lane by lane in GCC 12.
inline Ints widen_uint8(void const* from) {
#if SAMOVAR_AVX512
    return (Ints)_mm512_cvtepu8_epi32(load<__m128i>(from));
#elif SAMOVAR_AVX2
    return (Ints)_mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<__m128i const*>(from)));
#else
    typedef std::uint8_t Small __attribute__((vector_size(LANES)));
    return __builtin_convertvector(load<Small>(from), Ints);
#endif
}

// To int8, where values are within it.
inline Octets narrow_to_int8(Ints x) {
#if SAMOVAR_AVX512
    return (Octets)_mm512_cvtepi32_epi8((__m512i)x);
#else
    return __builtin_convertvector(x, Octets);
#endif
}

// float32 x float32, one value a lane.
struct FloatDot {
    static constexpr int STEP = 1, INPUT_BYTES = 4;
    static Floats weights(void const* from) { return load(from); }
    static Floats inputs(void const* from) { return all(load_float(from)); }
    static Floats dot(Floats sum, Floats w, Floats x) { return multiply_add(w, x, sum); }
};

// bfloat16 weights, two values a lane.
struct BfloatDot {
    static constexpr int STEP = 2;
#if SAMOVAR_AVX512 && defined(__AVX512BF16__)
    static constexpr int INPUT_BYTES = 4;  // activations are bfloat16 too
    using Pair = __m512bh;
    static Pair weights(void const* from) { return load<Pair>(from); }
    static Pair inputs(void const* from) { return (Pair)all(load_int(from)); }
    static Floats dot(Floats sum, Pair w, Pair x) { return _mm512_dpbf16_ps(sum, w, x); }
#else
    static constexpr int INPUT_BYTES = 8;  // activations stay float32
    struct Pair {
        Floats first, second;
    };
    static Pair weights(void const* from) {
        Words const both = load<Words>(from);
        return {(Floats)(both << 16), (Floats)(both & 0xffff0000u)};
    }
    static Pair inputs(void const* from) {
        return {all(load_float(from)), all(load_float(static_cast<char const*>(from) + 4))};
    }
    static Floats dot(Floats sum, Pair w, Pair x) {
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
    using Quad = Ints;
    static Quad weights(ByteQuads bytes) { return (Quad)bytes; }
    static Quad inputs(void const* from) { return all(load_int(from)); }
    static Ints dot(Ints sum, Quad w, Quad x) { return (Ints)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)w, (__m512i)x); }
#elif SAMOVAR_AVX512 || SAMOVAR_AVX2
    // Bytes in even and in odd places as 16 bits: products of 8 bits added in pairs don't fit into 16.
    static constexpr int WEIGHT_OFFSET = 0;
    struct Quad {
        ShortPairs even, odd;
    };
    static Quad weights(ByteQuads bytes) { return {(ShortPairs)((ShortPairs)bytes << 8) >> 8, (ShortPairs)bytes >> 8}; }
    static Quad inputs(void const* from) { return weights((ByteQuads)all(load_int(from))); }
    static Ints dot(Ints sum, Quad w, Quad x) {
        return sum + multiply_pairs(w.even, x.even) + multiply_pairs(w.odd, x.odd);
    }
    static Ints multiply_pairs(ShortPairs a, ShortPairs b) {
#if SAMOVAR_AVX512
        return (Ints)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#else
        return (Ints)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#endif
    }
#else
    static constexpr int WEIGHT_OFFSET = 0;
    struct Quad {
        Ints byte[4];
    };
    static Quad weights(ByteQuads bytes) {
        Ints const four = (Ints)bytes;
        return {{(four << 24) >> 24, (four << 16) >> 24, (four << 8) >> 24, four >> 24}};
    }
    static Quad inputs(void const* from) { return weights((ByteQuads)all(load_int(from))); }
    static Ints dot(Ints sum, Quad w, Quad x) {
        return sum + w.byte[0] * x.byte[0] + w.byte[1] * x.byte[1] + w.byte[2] * x.byte[2] + w.byte[3] * x.byte[3];
    }
#endif
};

}  // namespace samovar
