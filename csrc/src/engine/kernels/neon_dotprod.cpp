// NEON with dot products (ARMv8.2): four int8 products and their sum by one instruction.

#include "engine/kernels/kernel.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include "engine/kernels/target.h"

#if defined(__clang__)
BASNET_RT_TARGET_BEGIN("dotprod")
#else
BASNET_RT_TARGET_BEGIN("arch=armv8.2-a+dotprod")
#endif

#include "engine/kernels/neon_ints.h"
#include "engine/kernels/tiles.h"

namespace basnet_rt::engine {
namespace {

struct Int8 : Int8Shape, NeonInts {
  static int32x4_t add(int32x4_t sum, int8x16_t quad, int8x16_t weights) {
    return vdotq_s32(sum, weights, quad);
  }
};

}  // namespace

const Kernel* neon_dotprod_kernel() {
  static const Kernel kernel = {"neon_dotprod",
                                neon_kernel()->float32,
                                neon_kernel()->bfloat16,
                                {6, false, add_tile<Int8, 6, 2>}};
  return &kernel;
}

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* neon_dotprod_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
