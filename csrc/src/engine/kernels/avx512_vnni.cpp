// AVX-512 with VNNI: four int8 products and their sum by one instruction, without saturation.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512vnni")

namespace basnet_rt::engine {
namespace {

// Rows are unsigned (q + 128), as the instruction wants them. Integer sums have no order, so few
// rows take two chains each and do not wait for one another.
template <int R, int Chains>
void int8_tile(const std::uint8_t* rows, const std::int8_t* panel, std::int64_t length,
               std::int32_t* out, std::int64_t stride) {
  __m512i sums[Chains][R][2];
  BASNET_RT_UNROLL
  for (int i = 0; i < Chains * R; ++i) {
    sums[i / R][i % R][0] = sums[i / R][i % R][1] = _mm512_setzero_si512();
  }
  const auto add = [&](std::int64_t k, int chain) {
    const __m512i left = _mm512_loadu_si512(panel + 4 * kPanel * k);
    const __m512i right = _mm512_loadu_si512(panel + 4 * kPanel * k + 64);
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      int bytes;
      __builtin_memcpy(&bytes, rows + r * kInt8Block + 4 * k, sizeof bytes);
      const __m512i quad = _mm512_set1_epi32(bytes);
      sums[chain][r][0] = _mm512_dpbusd_epi32(sums[chain][r][0], quad, left);
      sums[chain][r][1] = _mm512_dpbusd_epi32(sums[chain][r][1], quad, right);
    }
  };
  std::int64_t k = 0;
  for (; k + Chains <= length; k += Chains) {
    BASNET_RT_UNROLL
    for (int chain = 0; chain < Chains; ++chain) add(k + chain, chain);
  }
  for (; k < length; ++k) add(k, 0);
  BASNET_RT_UNROLL
  for (int i = 0; i < 2 * R; ++i) {
    std::int32_t* at = out + (i / 2) * stride + 16 * (i % 2);
    __m512i sum = _mm512_loadu_si512(at);
    BASNET_RT_UNROLL
    for (int chain = 0; chain < Chains; ++chain) {
      sum = _mm512_add_epi32(sum, sums[chain][i / 2][i % 2]);
    }
    _mm512_storeu_si512(at, sum);
  }
}

void add_int8(const std::uint8_t* rows, int count, const std::int8_t* panel, std::int64_t length,
              std::int32_t* out, std::int64_t stride) {
  using Tile =
      void (*)(const std::uint8_t*, const std::int8_t*, std::int64_t, std::int32_t*, std::int64_t);
  static constexpr Tile kTiles[] = {int8_tile<1, 4>,  int8_tile<2, 2>,  int8_tile<3, 2>,
                                    int8_tile<4, 1>,  int8_tile<5, 1>,  int8_tile<6, 1>,
                                    int8_tile<7, 1>,  int8_tile<8, 1>,  int8_tile<9, 1>,
                                    int8_tile<10, 1>, int8_tile<11, 1>, int8_tile<12, 1>};
  kTiles[count - 1](rows, panel, length, out, stride);
}

}  // namespace

const Kernel* avx512_vnni_kernel() {
  static const Kernel kernel = {
      "avx512_vnni", avx512_kernel()->float32, avx512_kernel()->bfloat16, {12, true, add_int8}};
  return &kernel;
}

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* avx512_vnni_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
