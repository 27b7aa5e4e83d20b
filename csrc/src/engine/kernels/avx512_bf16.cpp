// AVX-512 with VNNI and BF16: two bfloat16 products by one instruction, the odd one added first.
//
// The instruction treats values below 2^-126 as zeros; all others are rounded as in other kernels.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512bf16")

#include "engine/kernels/avx512_registers.h"
#include "engine/kernels/tiles.h"

namespace basnet_rt::engine {
namespace {

struct BFloat16 : BFloat16PairsShape, Avx512Floats {
  static __m512bh value(const std::uint32_t* row, int) {
    return reinterpret_cast<__m512bh>(_mm512_set1_epi32(static_cast<int>(*row)));
  }
  static __m512bh weights(const std::uint16_t* panel, int) {
    return reinterpret_cast<__m512bh>(_mm512_loadu_si512(panel));
  }
  static __m512 add(__m512 sum, __m512bh value, __m512bh weights) {
    return _mm512_dpbf16_ps(sum, value, weights);
  }
};

}  // namespace

const Kernel* avx512_bf16_kernel() {
  static const Kernel kernel = {"avx512_bf16",
                                avx512_vnni_kernel()->float32,
                                {12, true, add_tile<BFloat16, 12, 12>},
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
