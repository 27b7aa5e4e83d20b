// AVX-512 (F, BW, VL): 32 registers of 16 floats, two to a panel.

#include "engine/kernels/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include "engine/kernels/target.h"

BASNET_RT_TARGET_BEGIN("avx2,fma,avx512f,avx512bw,avx512vl")

namespace basnet_rt::engine {
namespace {

template <int R>
void store_added(const __m512 (&sums)[R][2], float* out, std::int64_t stride) {
  BASNET_RT_UNROLL
  for (int r = 0; r < R; ++r) {
    float* at = out + r * stride;
    _mm512_storeu_ps(at, _mm512_add_ps(_mm512_loadu_ps(at), sums[r][0]));
    _mm512_storeu_ps(at + 16, _mm512_add_ps(_mm512_loadu_ps(at + 16), sums[r][1]));
  }
}

template <int R>
void float32_tile(const float* rows, const float* panel, std::int64_t length, float* out,
                  std::int64_t stride) {
  __m512 sums[R][2];
  BASNET_RT_UNROLL
  for (int r = 0; r < R; ++r) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
  for (std::int64_t k = 0; k < length; ++k, panel += kPanel) {
    const __m512 left = _mm512_loadu_ps(panel), right = _mm512_loadu_ps(panel + 16);
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      const __m512 value = _mm512_set1_ps(rows[r * kBlock + k]);
      sums[r][0] = _mm512_fmadd_ps(value, left, sums[r][0]);
      sums[r][1] = _mm512_fmadd_ps(value, right, sums[r][1]);
    }
  }
  store_added<R>(sums, out, stride);
}

void add_float32(const float* rows, int count, const float* panel, std::int64_t length, float* out,
                 std::int64_t stride) {
  using Tile = void (*)(const float*, const float*, std::int64_t, float*, std::int64_t);
  static constexpr Tile kTiles[] = {float32_tile<1>,  float32_tile<2>,  float32_tile<3>,
                                    float32_tile<4>,  float32_tile<5>,  float32_tile<6>,
                                    float32_tile<7>,  float32_tile<8>,  float32_tile<9>,
                                    float32_tile<10>, float32_tile<11>, float32_tile<12>};
  kTiles[count - 1](rows, panel, length, out, stride);
}

// As _mm512_slli_epi32, whose header GCC 12 warns about.
__m512 upper_half(__m512i pairs) {
  return _mm512_castsi512_ps(reinterpret_cast<__m512i>(reinterpret_cast<__v16su>(pairs) << 16));
}

// A register holds sixteen pairs; shifted and masked, their even and odd weights as floats.
template <int R>
void bfloat16_tile(const float* rows, const std::uint16_t* panel, std::int64_t length, float* out,
                   std::int64_t stride) {
  const __m512i upper = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
  __m512 sums[R][2];
  BASNET_RT_UNROLL
  for (int r = 0; r < R; ++r) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
  for (std::int64_t k = 0; k < length; ++k, panel += 2 * kPanel) {
    const __m512i left = _mm512_loadu_si512(panel), right = _mm512_loadu_si512(panel + 32);
    const __m512 odd_left = _mm512_castsi512_ps(_mm512_and_si512(left, upper));
    const __m512 odd_right = _mm512_castsi512_ps(_mm512_and_si512(right, upper));
    const __m512 even_left = upper_half(left);
    const __m512 even_right = upper_half(right);
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      const __m512 odd = _mm512_set1_ps(rows[r * kBlock + 2 * k + 1]);
      const __m512 even = _mm512_set1_ps(rows[r * kBlock + 2 * k]);
      sums[r][0] = _mm512_fmadd_ps(odd, odd_left, sums[r][0]);
      sums[r][1] = _mm512_fmadd_ps(odd, odd_right, sums[r][1]);
      sums[r][0] = _mm512_fmadd_ps(even, even_left, sums[r][0]);
      sums[r][1] = _mm512_fmadd_ps(even, even_right, sums[r][1]);
    }
  }
  store_added<R>(sums, out, stride);
}

void add_bfloat16(const void* rows, int count, const std::uint16_t* panel, std::int64_t length,
                  float* out, std::int64_t stride) {
  using Tile = void (*)(const float*, const std::uint16_t*, std::int64_t, float*, std::int64_t);
  static constexpr Tile kTiles[] = {bfloat16_tile<1>,  bfloat16_tile<2>, bfloat16_tile<3>,
                                    bfloat16_tile<4>,  bfloat16_tile<5>, bfloat16_tile<6>,
                                    bfloat16_tile<7>,  bfloat16_tile<8>, bfloat16_tile<9>,
                                    bfloat16_tile<10>, bfloat16_tile<11>};
  kTiles[count - 1](static_cast<const float*>(rows), panel, length, out, stride);
}

using Ints = BASNET_RT_INTS(64);

Ints ints(__m512i sums) { return reinterpret_cast<Ints>(sums); }

// As with AVX2: |row| times weights with the row's sign stays below 16 bits' end.
template <int R>
void int8_tile(const std::uint8_t* rows, const std::int8_t* panel, std::int64_t length,
               std::int32_t* out, std::int64_t stride) {
  const __m512i ones = _mm512_set1_epi16(1), zero = _mm512_setzero_si512();
  Ints sums[R][2];
  BASNET_RT_UNROLL
  for (int r = 0; r < R; ++r) sums[r][0] = sums[r][1] = Ints{};
  for (std::int64_t k = 0; k < length; ++k, panel += 4 * kPanel) {
    const __m512i left = _mm512_loadu_si512(panel), right = _mm512_loadu_si512(panel + 64);
    BASNET_RT_UNROLL
    for (int r = 0; r < R; ++r) {
      int bytes;
      __builtin_memcpy(&bytes, rows + r * kInt8Block + 4 * k, sizeof bytes);
      const __m512i quad = _mm512_set1_epi32(bytes), size = _mm512_abs_epi8(quad);
      const __mmask64 negative = _mm512_movepi8_mask(quad);
      const __m512i twos[2] = {
          _mm512_maddubs_epi16(size, _mm512_mask_sub_epi8(left, negative, zero, left)),
          _mm512_maddubs_epi16(size, _mm512_mask_sub_epi8(right, negative, zero, right))};
      sums[r][0] += ints(_mm512_madd_epi16(twos[0], ones));
      sums[r][1] += ints(_mm512_madd_epi16(twos[1], ones));
    }
  }
  BASNET_RT_UNROLL
  for (int i = 0; i < 2 * R; ++i) {
    std::int32_t* at = out + (i / 2) * stride + 16 * (i % 2);
    const Ints sum = ints(_mm512_loadu_si512(at)) + sums[i / 2][i % 2];
    _mm512_storeu_si512(at, reinterpret_cast<__m512i>(sum));
  }
}

void add_int8(const std::uint8_t* rows, int count, const std::int8_t* panel, std::int64_t length,
              std::int32_t* out, std::int64_t stride) {
  using Tile =
      void (*)(const std::uint8_t*, const std::int8_t*, std::int64_t, std::int32_t*, std::int64_t);
  static constexpr Tile kTiles[] = {int8_tile<1>, int8_tile<2>, int8_tile<3>, int8_tile<4>,
                                    int8_tile<5>, int8_tile<6>, int8_tile<7>, int8_tile<8>};
  kTiles[count - 1](rows, panel, length, out, stride);
}

constexpr Kernel kAvx512 = {
    "avx512", {12, add_float32}, {11, false, add_bfloat16}, {8, false, add_int8}};

}  // namespace

const Kernel* avx512_kernel() { return &kAvx512; }

}  // namespace basnet_rt::engine

BASNET_RT_TARGET_END

#else

namespace basnet_rt::engine {
const Kernel* avx512_kernel() { return nullptr; }
}  // namespace basnet_rt::engine

#endif
