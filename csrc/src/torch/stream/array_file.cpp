#include "torch/stream/array_file.h"

#include <algorithm>
#include <cstring>
#include <sstream>
#include <utility>

#include "basnet_rt/error.h"
#include "torch/bundle/zip_file.h"

// Source of the format: numpy.lib.format, version 1.0.

namespace basnet_rt {
namespace {

constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
constexpr std::size_t kAlignment = 64;
constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidState, "saved network state " + why);
}

std::string with_header(const NamedArray& array) {
  std::string shape;
  for (const std::int64_t extent : array.shape) shape += std::to_string(extent) + ", ";
  std::string about =
      "{'descr': '" + array.type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  const std::size_t bare = kMagic.size() + 2 + about.size() + 1;
  about.append((kAlignment - bare % kAlignment) % kAlignment, ' ');
  about += '\n';
  std::string bytes(kMagic);
  bytes += static_cast<char>(about.size() & 0xff);
  bytes += static_cast<char>(about.size() >> 8);
  return bytes + about + array.bytes;
}

/// What stands in `text` between `before` and `after`.
std::string_view between(std::string_view text, std::string_view before, std::string_view after) {
  const std::size_t begin = text.find(before);
  if (begin == std::string_view::npos) refuse("has an array without " + std::string(before));
  const std::size_t end = text.find(after, begin + before.size());
  if (end == std::string_view::npos) refuse("has an array without an end of its header");
  return text.substr(begin + before.size(), end - begin - before.size());
}

std::vector<std::int64_t> parse_shape(std::string_view text) {
  std::vector<std::int64_t> shape;
  std::istringstream extents{std::string(text)};
  for (std::string extent; std::getline(extents, extent, ',');) {
    std::int64_t value = -1;
    if (!(std::istringstream(extent) >> value)) continue;  // behind the last comma
    if (value < 0 || value > kMostElements) refuse("has an array of an impossible shape");
    shape.push_back(value);
  }
  return shape;
}

void check_size(const NamedArray& array) {
  std::int64_t elements = 1;
  for (const std::int64_t extent : array.shape) {
    if (extent != 0 && elements > kMostElements / extent) refuse("has an array that is too large");
    elements *= extent;
  }
  const std::int64_t width = array.type == "<f4" ? 4 : array.type == "<i8" ? 8 : 0;
  if (width == 0) refuse("has an array of kind " + array.type);
  if (static_cast<std::int64_t>(array.bytes.size()) != elements * width) {
    refuse("has an array whose bytes do not fit its shape");
  }
}

NamedArray parse(const std::string& file_name, std::string_view bytes) {
  constexpr std::string_view kEnding = ".npy";
  if (bytes.substr(0, kMagic.size()) != kMagic || bytes.size() < kMagic.size() + 2) {
    refuse("has an entry that is no array: " + file_name);
  }
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[8]) |
                                               static_cast<unsigned char>(bytes[9]) << 8);
  bytes.remove_prefix(kMagic.size() + 2);
  if (bytes.size() < length) refuse("has a truncated array");
  const std::string_view about = bytes.substr(0, length);
  if (between(about, "'fortran_order': ", ",") != "False") refuse("has an array by columns");
  NamedArray array;
  array.name = file_name.substr(0, file_name.size() - std::min(file_name.size(), kEnding.size()));
  array.type = between(about, "'descr': '", "'");
  array.shape = parse_shape(between(about, "'shape': (", ")"));
  array.bytes = bytes.substr(length);
  check_size(array);
  return array;
}

}  // namespace

std::string write_arrays(const std::vector<NamedArray>& arrays) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const NamedArray& array : arrays)
    files.emplace_back(array.name + ".npy", with_header(array));
  return zip::write(files);
}

std::vector<NamedArray> read_arrays(std::string_view bytes) {
  try {
    std::istringstream input{std::string(bytes)};
    zip::Reader archive(input);
    std::vector<NamedArray> arrays;
    for (const zip::Entry& entry : archive.entries()) {
      arrays.push_back(parse(entry.name, archive.read(entry)));
    }
    return arrays;
  } catch (const zip::BadZip& error) {
    refuse(std::string("is damaged: ") + error.what());
  }
}

NamedArray scalar_array(const std::string& name, std::int64_t value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return {name, "<i8", {}, bytes};
}

const NamedArray& find_array(const std::vector<NamedArray>& arrays, const std::string& name) {
  for (const NamedArray& array : arrays) {
    if (array.name == name) return array;
  }
  refuse("lacks " + name + ": it was saved with another model");
}

std::int64_t find_scalar(const std::vector<NamedArray>& arrays, const std::string& name) {
  const NamedArray& array = find_array(arrays, name);
  if (array.type != "<i8" || !array.shape.empty()) refuse("has a " + name + " that is no integer");
  std::int64_t value = 0;
  std::memcpy(&value, array.bytes.data(), sizeof value);
  return value;
}

}  // namespace basnet_rt
