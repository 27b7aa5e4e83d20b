// NEON, as every 64-bit ARM processor has it: 32 registers of 4 floats.

#include "engine/kernels/kernel.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#include "engine/kernels/neon_ints.h"
#include "engine/kernels/tiles.h"

namespace basnet_rt::engine {
namespace {

struct Floats {
  using Sum = float32x4_t;
  static constexpr int kWidth = 4;
  static float32x4_t zero() { return vdupq_n_f32(0.0f); }
  static float32x4_t add(float32x4_t sum, float value, float32x4_t weights) {
    return vfmaq_n_f32(sum, weights, value);
  }
  static void add_to(float* at, float32x4_t sum) { vst1q_f32(at, vaddq_f32(vld1q_f32(at), sum)); }
};

struct Float32 : Float32Shape, Floats {
  static float value(const float* row, int) { return *row; }
  static float32x4_t weights(const float* panel, int) { return vld1q_f32(panel); }
};

// A register holds four pairs; shifted and masked, their even and odd weights as floats.
struct BFloat16 : BFloat16Shape, Floats {
  static float value(const float* row, int part) { return row[1 - part]; }
  static float32x4_t weights(const std::uint16_t* panel, int part) {
    const uint32x4_t pairs = vreinterpretq_u32_u16(vld1q_u16(panel));
    return vreinterpretq_f32_u32(part == 0 ? vandq_u32(pairs, vdupq_n_u32(0xffff0000u))
                                           : vshlq_n_u32(pairs, 16));
  }
};

// No pair of products exceeds 2 * 127 * 127 = 32258, so pairs fit into 16 bits.
struct Int8 : Int8Shape, NeonInts {
  static int32x4_t add(int32x4_t sum, int8x16_t quad, int8x16_t weights) {
    const int16x8_t low = vmull_s8(vget_low_s8(weights), vget_low_s8(quad));
    return vpadalq_s16(sum, vpaddq_s16(low, vmull_high_s8(weights, quad)));
  }
};

constexpr Kernel kNeon = {"neon",
                          {6, add_tile<Float32, 6, 2>},
                          {5, false, add_tile<BFloat16, 5, 0>},
                          {2, false, add_tile<Int8, 2, 2>}};

}  // namespace

const Kernel* neon_kernel() { return &kNeon; }

}  // namespace basnet_rt::engine

#else

namespace basnet_rt::engine {
const Kernel* neon_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
