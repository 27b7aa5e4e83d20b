// AVX-512 with VNNI and BF16: two bfloat16 products by one instruction, the odd one added first.
//
// The instruction takes values below 2^-126 as zeros; but for those it rounds as the others do.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512bf16")

namespace basnet_rt::engine {
namespace {

__m512bh pairs_at(const std::uint16_t* panel) {
  return reinterpret_cast<__m512bh>(_mm512_loadu_si512(panel));
}

template <int R>
void bfloat16_tile(const std::uint32_t* rows, const std::uint16_t* panel, std::int64_t length,
                   float* out, std::int64_t stride) {
  __m512 sums[R][2];
  BASNET_RT_UNROLL
  for (int r = 0; r < R; ++r) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
  for (std::int64_t k = 0; k < length; ++k, panel += 2 * kPanel) {
    const __m512bh left = pairs_at(panel), right = pairs_at(panel + kPanel);
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      const auto pair = reinterpret_cast<__m512bh>(
          _mm512_set1_epi32(static_cast<int>(rows[r * (kBlock / 2) + k])));
      sums[r][0] = _mm512_dpbf16_ps(sums[r][0], pair, left);
      sums[r][1] = _mm512_dpbf16_ps(sums[r][1], pair, right);
    }
  }
  BASNET_RT_UNROLL
  for (int r = 0; r < R; ++r) {
    float* at = out + r * stride;
    _mm512_storeu_ps(at, _mm512_add_ps(_mm512_loadu_ps(at), sums[r][0]));
    _mm512_storeu_ps(at + 16, _mm512_add_ps(_mm512_loadu_ps(at + 16), sums[r][1]));
  }
}

void add_bfloat16(const void* rows, int count, const std::uint16_t* panel, std::int64_t length,
                  float* out, std::int64_t stride) {
  using Tile =
      void (*)(const std::uint32_t*, const std::uint16_t*, std::int64_t, float*, std::int64_t);
  static constexpr Tile kTiles[] = {bfloat16_tile<1>,  bfloat16_tile<2>,  bfloat16_tile<3>,
                                    bfloat16_tile<4>,  bfloat16_tile<5>,  bfloat16_tile<6>,
                                    bfloat16_tile<7>,  bfloat16_tile<8>,  bfloat16_tile<9>,
                                    bfloat16_tile<10>, bfloat16_tile<11>, bfloat16_tile<12>};
  kTiles[count - 1](static_cast<const std::uint32_t*>(rows), panel, length, out, stride);
}

}  // namespace

const Kernel* avx512_bf16_kernel() {
  static const Kernel kernel = {"avx512_bf16",
                                avx512_vnni_kernel()->float32,
                                {12, true, add_bfloat16},
                                avx512_vnni_kernel()->int8};
  return &kernel;
}

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* avx512_bf16_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
