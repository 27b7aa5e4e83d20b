#pragma once

// Arrays of other libraries on a GPU, by the DLPack standard: a struct in a capsule, which says
// where the memory is and gives it back. Nothing of those libraries is linked or included.

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace basnet_rt::python {

/// Float32 rows on a GPU, borrowed; the memory goes back to its owner with the last copy.
///
/// Two or three dimensions: (R, columns), or (N, T, columns) whose N * T rows are evenly spaced.
/// One dimension is one row.
class GpuRows {
 public:
  /// Takes over a capsule of either form of the standard, "dltensor" or "dltensor_versioned", and
  /// marks it as used, even where an error follows.
  ///
  /// @param name  of the argument, for messages.
  /// @throws Error (kInvalidType): no such capsule, or one that was used before; a tensor on no
  ///         CUDA device, not of float32, or whose values of a row are not next to each other.
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
