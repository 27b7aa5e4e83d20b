#pragma once

// Named arrays in one text of bytes, as NumPy's savez writes and load reads them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace basnet_rt {

/// C-contiguous, little-endian.
struct NamedArray {
  std::string name;
  std::string type;  ///< NumPy's word: "<f4" or "<i8"
  std::vector<std::int64_t> shape;
  std::string bytes;
};

std::string write_arrays(const std::vector<NamedArray>& arrays);

/// @throws Error (kInvalidState): damaged, or arrays of another kind.
std::vector<NamedArray> read_arrays(std::string_view bytes);

NamedArray scalar_array(const std::string& name, std::int64_t value);

/// The array of that name. @throws Error (kInvalidState) where there is none.
const NamedArray& find_array(const std::vector<NamedArray>& arrays, const std::string& name);
/// The value of a scalar array.
std::int64_t find_scalar(const std::vector<NamedArray>& arrays, const std::string& name);

}  // namespace basnet_rt
