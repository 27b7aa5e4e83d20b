#pragma once

// One layer on many rows: blocks of rows and panels, distributed to threads.

#include <cstdint>
#include <vector>

#include "engine/kernels/kernel.h"
#include "engine/packed.h"
#include "engine/threads.h"

namespace basnet_rt::engine {

/// The threads and the kernel that a call runs on.
struct Machine {
  const Kernel& kernel;
  Threads& threads;
};

/// The last step on a layer's sums; `kRoundedLeakyRelu` also rounds to the nearest bfloat16.
enum class Finish { kNone, kLeakyRelu, kRoundedLeakyRelu };

/// Places of rows.
using InputRows = std::vector<const float*>;
using OutputRows = std::vector<float*>;

/// `layer`, float32 or bfloat16, of rows[i], taps * depth values each, to out[i].
///
/// A bfloat16 layer expects rows of bfloat16 values; its outputs are float32.
void product(const PackedLayer& layer, const InputRows& rows, Finish finish, const OutputRows& out,
             const Machine& machine);

/// Rows as int8 with a scale for each row: value = q * scale, |q| <= 127.
class Int8Rows {
 public:
  /// Makes room for `count` uninitialised rows; reuses existing memory.
  /// @param offset  stores q + 128, which some kernels need.
  void reset(std::int64_t count, std::int64_t depth, bool offset);

  /// Sets row `i` from `depth` values; its scale is the largest absolute value / 127.
  void set(std::int64_t i, const float* values);

  const std::uint8_t* row(std::int64_t i) const { return bytes_.data() + i * width_; }
  float scale(std::int64_t i) const { return scale_[static_cast<std::size_t>(i)]; }

 private:
  std::int64_t depth_ = 0, width_ = 0;  // values of a row; its bytes, a multiple of 4
  int shift_ = 0;
  std::vector<std::uint8_t> bytes_;
  std::vector<float> scale_;
};

/// An int8 `layer`: out[i] is computed from `taps` rows of `inputs`, starting at windows[i].
void product(const PackedLayer& layer, const Int8Rows& inputs,
             const std::vector<std::int64_t>& windows, Finish finish, const OutputRows& out,
             const Machine& machine);

}  // namespace basnet_rt::engine
