#pragma once

// Eight int32 sums of int8 products, as AVX2 and AVX-VNNI hold them. Included as tiles.h is.

#include <immintrin.h>

#include "engine/kernels/target.h"

namespace basnet_rt::engine {
namespace {

struct Avx2Ints {
  using Sum = BASNET_RT_INTS(32);
  static constexpr int kWidth = 8;
  static Sum ints(__m256i sums) { return reinterpret_cast<Sum>(sums); }
  static Sum zero() { return Sum{}; }
  static __m256i value(const std::uint8_t* row, int) {
    return _mm256_castps_si256(_mm256_broadcast_ss(reinterpret_cast<const float*>(row)));
  }
  static __m256i weights(const std::int8_t* panel, int) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel));
  }
  static void add_to(std::int32_t* out, Sum sum) {
    auto* at = reinterpret_cast<__m256i*>(out);
    _mm256_storeu_si256(at, reinterpret_cast<__m256i>(ints(_mm256_loadu_si256(at)) + sum));
  }
};

}  // namespace
}  // namespace basnet_rt::engine
