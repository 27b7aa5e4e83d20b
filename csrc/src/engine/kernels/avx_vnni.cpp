// AVX2 with AVX-VNNI: AVX-512's instruction for four int8 products in registers of 8 outputs, as
// processors without AVX-512 have it.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__) && (defined(__clang__) || __GNUC__ >= 11)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx2,fma,avxvnni")

namespace basnet_rt::engine {
namespace {

using Ints = BASNET_RT_INTS(32);

Ints ints(__m256i sums) { return reinterpret_cast<Ints>(sums); }

// Rows are unsigned (q + 128), as the instruction wants them. R rows by V registers of 8 outputs; a
// panel has four.
template <int R, int V>
void int8_tile(const std::uint8_t* rows, const std::int8_t* panel, std::int64_t length,
               std::int32_t* out, std::int64_t stride) {
  Ints sums[R][V];
  BASNET_RT_UNROLL
  for (int i = 0; i < R * V; ++i) sums[i / V][i % V] = Ints{};
  for (std::int64_t k = 0; k < length; ++k, panel += 4 * kPanel) {
    __m256i weights[V];
    BASNET_RT_UNROLL
    for (int v = 0; v < V; ++v) {
      weights[v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel + 32 * v));
    }
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      const __m256i quad = _mm256_castps_si256(
          _mm256_broadcast_ss(reinterpret_cast<const float*>(rows + r * kInt8Block + 4 * k)));
      BASNET_RT_UNROLL
      for (int v = 0; v < V; ++v) {
        const __m256i sum = reinterpret_cast<__m256i>(sums[r][v]);
        sums[r][v] = ints(_mm256_dpbusd_avx_epi32(sum, quad, weights[v]));
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
    case 4:
      return int8_halves<4>(rows, panel, length, out, stride);
    case 5:
      return int8_halves<5>(rows, panel, length, out, stride);
    default:
      return int8_halves<6>(rows, panel, length, out, stride);
  }
}

}  // namespace

const Kernel* avx_vnni_kernel() {
  static const Kernel kernel = {
      "avx_vnni", avx2_kernel()->float32, avx2_kernel()->bfloat16, {6, true, add_int8}};
  return &kernel;
}

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* avx_vnni_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
