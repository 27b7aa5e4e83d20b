#pragma once

// Weights in the order in which the kernels read them.

#include <cstdint>
#include <memory>
#include <new>
#include <vector>

#include "engine/weights.h"

namespace basnet_rt::engine {

/// Uninitialised bytes, aligned to 64, on large pages if the system has them.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(std::size_t size);
  std::byte* data() const { return data_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    std::align_val_t alignment;
    void operator()(std::byte* data) const;
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

/// The weights and biases of one layer, in panels as kernels/kernel.h draws them.
///
/// Its inputs are `taps` neighbouring rows of `depth` values. int8 rows are padded to `int8_depth`,
/// a multiple of 4, so that no group of four bytes spans two rows.
struct PackedLayer {
  DType dtype = DType::kFloat32;
  std::int64_t taps = 1;
  std::int64_t depth = 0;
  std::int64_t outputs = 0;
  AlignedBytes panels;
  std::vector<float> bias;   // padded to whole panels, like scale and each tap of byte_sums
  std::vector<float> scale;  // int8 only: the value of one step of an output's weights
  std::vector<std::int32_t> byte_sums;  // int8 only: 128 times the sum of a tap's weights
  bool finite = true;                   // of every weight, bias and scale

  std::int64_t num_panels() const;
  std::int64_t int8_depth() const { return (depth + 3) / 4 * 4; }
  std::size_t panel_bytes() const;
};

/// A layer of (depth, outputs) weights, bias absent without data; float32 or bfloat16, `dtype` the
/// same or wider.
PackedLayer pack_dense(const TensorView& weight, const TensorView& bias, DType dtype,
                       const PackedBytes& packed = {});

/// A layer of (outputs, depth) float32 weights without bias.
PackedLayer pack_rows(const TensorView& weight, DType dtype);

/// A 3-tap layer in any dtype; wider weights become int8 by the rule in ThreeTapView.
PackedLayer pack_taps(const ThreeTapView& layer, DType dtype, const PackedBytes& packed = {});

/// Values of a float32 or bfloat16 tensor.
std::vector<float> to_floats(const TensorView& tensor);

/// Number of values of a tensor's shape.
std::int64_t num_values(const TensorView& tensor);

}  // namespace basnet_rt::engine
