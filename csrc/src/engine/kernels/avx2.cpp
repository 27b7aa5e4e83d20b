// AVX2 with fused multiply-add: 16 registers of 8 floats.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx2,fma")

namespace basnet_rt::engine {
namespace {

// R rows by V registers of 8 outputs; a panel has four.
template <int R, int V>
void float32_tile(const float* rows, const float* panel, std::int64_t length, float* out,
                  std::int64_t stride) {
  __m256 sums[R][V];
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) sums[i / V][i % V] = _mm256_setzero_ps();
  for (std::int64_t k = 0; k < length; ++k, panel += kPanel) {
    __m256 weights[V];
    BASNET_RT_UNROLL
    for (int v = 0; v < V; ++v) weights[v] = _mm256_loadu_ps(panel + 8 * v);
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      const __m256 value = _mm256_broadcast_ss(rows + r * kBlock + k);
      BASNET_RT_UNROLL
      for (int v = 0; v < V; ++v) sums[r][v] = _mm256_fmadd_ps(value, weights[v], sums[r][v]);
    }
  }
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) {
    float* at = out + (i / V) * stride + 8 * (i % V);
    _mm256_storeu_ps(at, _mm256_add_ps(_mm256_loadu_ps(at), sums[i / V][i % V]));
  }
}

template <int R>
void float32_halves(const float* rows, const float* panel, std::int64_t length, float* out,
                    std::int64_t stride) {
  float32_tile<R, 2>(rows, panel, length, out, stride);
  float32_tile<R, 2>(rows, panel + 16, length, out + 16, stride);
}

void add_float32(const float* rows, int count, const float* panel, std::int64_t length, float* out,
                 std::int64_t stride) {
  switch (count) {
    case 1:
      return float32_tile<1, 4>(rows, panel, length, out, stride);
    case 2:
      return float32_tile<2, 4>(rows, panel, length, out, stride);
    case 3:
      return float32_halves<3>(rows, panel, length, out, stride);
    case 4:
      return float32_halves<4>(rows, panel, length, out, stride);
    case 5:
      return float32_halves<5>(rows, panel, length, out, stride);
    default:
      return float32_halves<6>(rows, panel, length, out, stride);
  }
}

// A register holds eight pairs; shifted and masked, their even and odd weights as floats.
template <int R, int V>
void bfloat16_tile(const float* rows, const std::uint16_t* panel, std::int64_t length, float* out,
                   std::int64_t stride) {
  const __m256i upper = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
  __m256 sums[R][V];
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) sums[i / V][i % V] = _mm256_setzero_ps();
  for (std::int64_t k = 0; k < length; ++k, panel += 2 * kPanel) {
    BASNET_RT_UNROLL
    for (int odd = 1; odd >= 0; --odd) {
      __m256 weights[V];
      BASNET_RT_UNROLL
      for (int v = 0; v < V; ++v) {
        const __m256i pairs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel + 16 * v));
        weights[v] = _mm256_castsi256_ps(odd != 0 ? _mm256_and_si256(pairs, upper)
                                                  : _mm256_slli_epi32(pairs, 16));
      }
      BASNET_RT_UNROLL
      for (int r = 0; r < R; ++r) {
        const __m256 value = _mm256_broadcast_ss(rows + r * kBlock + 2 * k + odd);
        BASNET_RT_UNROLL
        for (int v = 0; v < V; ++v) sums[r][v] = _mm256_fmadd_ps(value, weights[v], sums[r][v]);
      }
    }
  }
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) {
    float* at = out + (i / V) * stride + 8 * (i % V);
    _mm256_storeu_ps(at, _mm256_add_ps(_mm256_loadu_ps(at), sums[i / V][i % V]));
  }
}

template <int R>
void bfloat16_halves(const float* rows, const std::uint16_t* panel, std::int64_t length, float* out,
                     std::int64_t stride) {
  bfloat16_tile<R, 2>(rows, panel, length, out, stride);
  bfloat16_tile<R, 2>(rows, panel + 32, length, out + 16, stride);
}

void add_bfloat16(const void* floats, int count, const std::uint16_t* panel, std::int64_t length,
                  float* out, std::int64_t stride) {
  const auto* rows = static_cast<const float*>(floats);
  switch (count) {
    case 1:
      return bfloat16_tile<1, 4>(rows, panel, length, out, stride);
    case 2:
      return bfloat16_tile<2, 4>(rows, panel, length, out, stride);
    case 3:
      return bfloat16_halves<3>(rows, panel, length, out, stride);
    case 4:
      return bfloat16_halves<4>(rows, panel, length, out, stride);
    default:
      return bfloat16_halves<5>(rows, panel, length, out, stride);
  }
}

using Ints = BASNET_RT_INTS(32);

Ints ints(__m256i sums) { return reinterpret_cast<Ints>(sums); }

// |row| as unsigned bytes times weights with the row's sign: no pair of products exceeds
// 2 * 127 * 127 = 32258, so the 16-bit sums of _mm256_maddubs_epi16 never saturate.
template <int R, int V>
void int8_tile(const std::uint8_t* rows, const std::int8_t* panel, std::int64_t length,
               std::int32_t* out, std::int64_t stride) {
  const __m256i ones = _mm256_set1_epi16(1);
  Ints sums[R][V];
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) sums[i / V][i % V] = Ints{};
  for (std::int64_t k = 0; k < length; ++k, panel += 4 * kPanel) {
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      const __m256i quad = _mm256_castps_si256(
          _mm256_broadcast_ss(reinterpret_cast<const float*>(rows + r * kInt8Block + 4 * k)));
      const __m256i size = _mm256_abs_epi8(quad);
      BASNET_RT_UNROLL
      for (int v = 0; v < V; ++v) {
        const __m256i weights =
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel + 32 * v));
        const __m256i twos = _mm256_maddubs_epi16(size, _mm256_sign_epi8(weights, quad));
        sums[r][v] += ints(_mm256_madd_epi16(twos, ones));
      }
    }
  }
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) {
    auto* at = reinterpret_cast<__m256i*>(out + (i / V) * stride + 8 * (i % V));
    const Ints sum = ints(_mm256_loadu_si256(at)) + sums[i / V][i % V];
    _mm256_storeu_si256(at, reinterpret_cast<__m256i>(sum));
  }
}

template <int R>
void int8_halves(const std::uint8_t* rows, const std::int8_t* panel, std::int64_t length,
                 std::int32_t* out, std::int64_t stride) {
  int8_tile<R, 2>(rows, panel, length, out, stride);
  int8_tile<R, 2>(rows, panel + 64, length, out + 16, stride);
}

void add_int8(const std::uint8_t* rows, int count, const std::int8_t* panel, std::int64_t length,
              std::int32_t* out, std::int64_t stride) {
  switch (count) {
    case 1:
      return int8_tile<1, 4>(rows, panel, length, out, stride);
    case 2:
      return int8_tile<2, 4>(rows, panel, length, out, stride);
    case 3:
      return int8_halves<3>(rows, panel, length, out, stride);
    default:
      return int8_halves<4>(rows, panel, length, out, stride);
  }
}

constexpr Kernel kAvx2 = {"avx2", {6, add_float32}, {5, false, add_bfloat16}, {4, false, add_int8}};

}  // namespace

const Kernel* avx2_kernel() { return &kAvx2; }

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* avx2_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
