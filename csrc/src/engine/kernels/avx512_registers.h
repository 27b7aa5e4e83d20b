#pragma once

// Sixteen sums, as every AVX-512 kernel holds them. Included as tiles.h is.

#include <immintrin.h>

#include "engine/kernels/target.h"

namespace basnet_rt::engine {
namespace {

struct Avx512Floats {
  using Sum = __m512;
  static constexpr int kWidth = 16;
  static __m512 zero() { return _mm512_setzero_ps(); }
  static void add_to(float* at, __m512 sum) {
    _mm512_storeu_ps(at, _mm512_add_ps(_mm512_loadu_ps(at), sum));
  }
};

struct Avx512Ints {
  using Sum = BASNET_RT_INTS(64);
  static constexpr int kWidth = 16;
  static Sum ints(__m512i sums) { return reinterpret_cast<Sum>(sums); }
  static Sum zero() { return Sum{}; }
  static __m512i value(const std::uint8_t* row, int) {
    int bytes;
    __builtin_memcpy(&bytes, row, sizeof bytes);
    return _mm512_set1_epi32(bytes);
  }
  static __m512i weights(const std::int8_t* panel, int) { return _mm512_loadu_si512(panel); }
  static void add_to(std::int32_t* at, Sum sum) {
    const Sum sums = ints(_mm512_loadu_si512(at)) + sum;
    _mm512_storeu_si512(at, reinterpret_cast<__m512i>(sums));
  }
};

}  // namespace
}  // namespace basnet_rt::engine
