// AVX2 with AVX-VNNI: AVX-512's instruction for four int8 products in registers of 8 outputs, as
// processors without AVX-512 have it.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__) && (defined(__clang__) || __GNUC__ >= 11)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx2,fma,avxvnni")

#include "engine/kernels/avx2_ints.h"
#include "engine/kernels/tiles.h"

namespace basnet_rt::engine {
namespace {

// Rows are unsigned (q + 128), as the instruction wants them.
struct Int8 : Int8Shape, Avx2Ints {
  static Sum add(Sum sum, __m256i quad, __m256i weights) {
    return ints(_mm256_dpbusd_avx_epi32(reinterpret_cast<__m256i>(sum), quad, weights));
  }
};

}  // namespace

const Kernel* avx_vnni_kernel() {
  static const Kernel kernel = {
      "avx_vnni", avx2_kernel()->float32, avx2_kernel()->bfloat16, {6, true, add_tile<Int8, 6, 2>}};
  return &kernel;
}

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* avx_vnni_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
