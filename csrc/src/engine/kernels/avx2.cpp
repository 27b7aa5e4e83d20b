// AVX2 with fused multiply-add: 16 registers of 8 floats.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx2,fma")

#include "engine/kernels/avx2_ints.h"
#include "engine/kernels/tiles.h"

namespace basnet_rt::engine {
namespace {

struct Floats {
  using Sum = __m256;
  static constexpr int kWidth = 8;
  static __m256 zero() { return _mm256_setzero_ps(); }
  static __m256 add(__m256 sum, __m256 value, __m256 weights) {
    return _mm256_fmadd_ps(value, weights, sum);
  }
  static void add_to(float* at, __m256 sum) {
    _mm256_storeu_ps(at, _mm256_add_ps(_mm256_loadu_ps(at), sum));
  }
};

struct Float32 : Float32Shape, Floats {
  static __m256 value(const float* row, int) { return _mm256_broadcast_ss(row); }
  static __m256 weights(const float* panel, int) { return _mm256_loadu_ps(panel); }
};

// A register holds eight pairs; shifted and masked, their even and odd weights as floats.
struct BFloat16 : BFloat16Shape, Floats {
  static __m256 value(const float* row, int part) { return _mm256_broadcast_ss(row + 1 - part); }
  static __m256 weights(const std::uint16_t* panel, int part) {
    const __m256i pairs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(panel));
    const __m256i odd = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
    return _mm256_castsi256_ps(part == 0 ? _mm256_and_si256(pairs, odd)
                                         : _mm256_slli_epi32(pairs, 16));
  }
};

// |row| as unsigned bytes times weights with the row's sign: no pair of products exceeds
// 2 * 127 * 127 = 32258, so the 16-bit sums of _mm256_maddubs_epi16 never saturate.
struct Int8 : Int8Shape, Avx2Ints {
  static Sum add(Sum sum, __m256i quad, __m256i weights) {
    const __m256i twos =
        _mm256_maddubs_epi16(_mm256_abs_epi8(quad), _mm256_sign_epi8(weights, quad));
    return sum + ints(_mm256_madd_epi16(twos, _mm256_set1_epi16(1)));
  }
};

constexpr Kernel kAvx2 = {"avx2",
                          {6, add_tile<Float32, 6, 2>},
                          {5, false, add_tile<BFloat16, 5, 2>},
                          {4, false, add_tile<Int8, 4, 2>}};

}  // namespace

const Kernel* avx2_kernel() { return &kAvx2; }

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* avx2_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
