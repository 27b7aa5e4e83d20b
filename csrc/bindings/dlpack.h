#pragma once

// Arrays of other libraries on a GPU, by the DLPack standard: a capsule with a struct that
// describes the memory and can free it. Those libraries are neither linked nor included.

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace basnet_rt::python {

/// Float32 rows on a GPU, borrowed; the last copy of this object releases the memory.
///
/// Two or three dimensions: (R, columns), or (N, T, columns) whose N * T rows are evenly spaced.
/// One dimension is one row.
class GpuRows {
 public:
  /// Takes over a capsule in either form of the standard, "dltensor" or "dltensor_versioned", and
  /// marks it as used, even if an error follows.
  ///
  /// @param name  of the argument, for messages.
  /// @throws Error (kInvalidType): it is not such a capsule, or was used before; or its tensor is
  ///         not on a CUDA device, not float32, or its rows are not contiguous.
  GpuRows(const pybind11::object& capsule, const std::string& name);

  const float* data() const { return data_; }
  int device() const { return device_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  std::int64_t num_rows() const { return num_rows_; }
  std::int64_t num_columns() const { return shape_.back(); }
  /// Floats between two rows.
  std::int64_t row_stride() const { return row_stride_; }
  /// "(750, 20)"
  std::string shape_text() const;

 private:
  std::shared_ptr<void> owner_;
  const float* data_ = nullptr;
  int device_ = 0;
  std::vector<std::int64_t> shape_;
  std::int64_t num_rows_ = 0;
  std::int64_t row_stride_ = 0;
};

}  // namespace basnet_rt::python
