// AVX-512 (F, BW, VL): 32 registers of 16 floats, two to a panel.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx2,fma,avx512f,avx512bw,avx512vl")

#include "engine/kernels/avx512_registers.h"
#include "engine/kernels/tiles.h"

namespace basnet_rt::engine {
namespace {

struct Float32 : Float32Shape, Avx512Floats {
  static __m512 value(const float* row, int) { return _mm512_set1_ps(*row); }
  static __m512 weights(const float* panel, int) { return _mm512_loadu_ps(panel); }
  static __m512 add(__m512 sum, __m512 value, __m512 weights) {
    return _mm512_fmadd_ps(value, weights, sum);
  }
};

// A register holds sixteen pairs; shifted and masked, their even and odd weights as floats.
struct BFloat16 : BFloat16Shape, Avx512Floats {
  static __m512 value(const float* row, int part) { return _mm512_set1_ps(row[1 - part]); }
  static __m512 weights(const std::uint16_t* panel, int part) {
    const __m512i pairs = _mm512_loadu_si512(panel);
    if (part == 0) {
      const __m512i odd = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
      return _mm512_castsi512_ps(_mm512_and_si512(pairs, odd));
    }
    // As _mm512_slli_epi32, whose header GCC 12 warns about.
    return _mm512_castsi512_ps(reinterpret_cast<__m512i>(reinterpret_cast<__v16su>(pairs) << 16));
  }
  static __m512 add(__m512 sum, __m512 value, __m512 weights) {
    return _mm512_fmadd_ps(value, weights, sum);
  }
};

// As with AVX2: |row| times weights with the row's sign stays below 16 bits' end.
struct Int8 : Int8Shape, Avx512Ints {
  static Sum add(Sum sum, __m512i quad, __m512i weights) {
    const __mmask64 negative = _mm512_movepi8_mask(quad);
    const __m512i with_sign =
        _mm512_mask_sub_epi8(weights, negative, _mm512_setzero_si512(), weights);
    const __m512i twos = _mm512_maddubs_epi16(_mm512_abs_epi8(quad), with_sign);
    return sum + ints(_mm512_madd_epi16(twos, _mm512_set1_epi16(1)));
  }
};

constexpr Kernel kAvx512 = {"avx512",
                            {12, add_tile<Float32, 12, 12>},
                            {11, false, add_tile<BFloat16, 11, 11>},
                            {8, false, add_tile<Int8, 8, 8>}};

}  // namespace

const Kernel* avx512_kernel() { return &kAvx512; }

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* avx512_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
