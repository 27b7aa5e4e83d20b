#pragma once

// The inner products of the engine, once per instruction set.
//
// Weights lie in panels of kPanel outputs, the same for every kernel:
//
//   float32   [panel][k][32]        one float per output
//   bfloat16  [panel][k / 2][32][2] two neighbouring k per output
//   int8      [panel][k / 4][32][4] four neighbouring k per output
//
// A tile is up to `rows` rows by one panel, and one block of k. Every kernel forms an output's sum
// in one order, so all give the same bits:
//
//   float32   a chain of fused multiply-adds over the block's k, from 0; then added to the output
//   bfloat16  the same, the odd k of a pair before the even one (as the AVX512_BF16 instruction)
//   int8      exact int32 sums

#include <cstdint>
#include <string>
#include <vector>

namespace basnet_rt::engine {

inline constexpr std::int64_t kPanel = 32;
inline constexpr std::int64_t kBlock = 256;       ///< k of one chain; even
inline constexpr std::int64_t kInt8Block = 1024;  ///< k of one int8 tile; a multiple of 4

/// Rows of a tile lie `kBlock` floats (int8: `kInt8Block` bytes) apart, a bfloat16 kernel with
/// `pairs` finds kBlock / 2 pairs there. `length` counts k, pairs or quads. Outputs lie `stride`
/// values apart from row to row; the tile's sums are added to them.
struct Float32Tiles {
  int rows = 0;
  void (*add)(const float* rows, int count, const float* panel, std::int64_t length, float* out,
              std::int64_t stride) = nullptr;
};
struct BFloat16Tiles {
  int rows = 0;
  /// With pairs: rows hold bfloat16 pairs, the even k in the low half. Else the same as float32.
  bool pairs = false;
  void (*add)(const void* rows, int count, const std::uint16_t* panel, std::int64_t length,
              float* out, std::int64_t stride) = nullptr;
};
struct Int8Tiles {
  int rows = 0;
  /// Rows hold unsigned bytes q + 128, and sums come out larger by 128 times the weights' sum.
  bool offset = false;
  void (*add)(const std::uint8_t* rows, int count, const std::int8_t* panel, std::int64_t length,
              std::int32_t* out, std::int64_t stride) = nullptr;
};

struct Kernel {
  const char* name = "";
  Float32Tiles float32;
  BFloat16Tiles bfloat16;
  Int8Tiles int8;
};

/// One kernel of this build, and whether this machine can run it.
struct KernelEntry {
  const Kernel* kernel = nullptr;
  std::string why_not;  ///< why it cannot run here; else empty
};

/// Every kernel of this build, the most capable last.
const std::vector<KernelEntry>& kernels();

/// The kernel called `name`.
/// @throws Error (kUnavailable): unknown, or this machine cannot run it; the message lists all.
const Kernel& kernel_named(const std::string& name);

/// The kernel that BASNET_RT_FORCE_KERNEL names, or the most capable one.
/// @throws Error (kUnavailable) as `kernel_named`.
const Kernel& chosen_kernel();

// Each is in its own file; null if the build's processor family has no such kernel.
const Kernel* portable_kernel();
const Kernel* avx2_kernel();
const Kernel* avx_vnni_kernel();
const Kernel* avx512_kernel();
const Kernel* avx512_vnni_kernel();
const Kernel* avx512_bf16_kernel();
const Kernel* neon_kernel();
const Kernel* neon_dotprod_kernel();

}  // namespace basnet_rt::engine
