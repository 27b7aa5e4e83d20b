#include "saved/old_network_state.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "basnet_rt/error.h"

// Sources: PKWARE's APPNOTE 6.3, sections 4.3.7 and 4.5.3; numpy.lib.format, version 1.0.
// Checksums are those of the state around it.

namespace basnet_rt {
namespace {

constexpr std::string_view kLocalHeader("PK\3\4", 4);
constexpr std::string_view kArray("\x93NUMPY\x01\x00", 8);
constexpr std::uint64_t kElsewhere = 0xffffffff;
constexpr std::int64_t kMostElements = std::int64_t{1} << 40;

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidState, "saved network state " + why);
}

/// Takes bytes from the front; too few bytes are an Error.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  bool begins_with(std::string_view text) const { return bytes_.substr(0, text.size()) == text; }
  std::string_view take(std::uint64_t size) {
    if (size > bytes_.size()) refuse("is truncated");
    const std::string_view taken = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return taken;
  }
  /// Little-endian.
  std::uint64_t number(std::size_t size) {
    const std::string_view text = take(size);
    std::uint64_t value = 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(text[i]);
    return value;
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

/// "<f4" or "<i8", C-contiguous.
struct OldArray {
  std::string type;
  std::vector<std::int64_t> shape;
  std::string_view bytes;
};

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

void check_size(const OldArray& array) {
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

OldArray parse_array(std::string_view bytes) {
  Cursor file(bytes);
  if (!file.begins_with(kArray)) refuse("has an entry that is no array");
  file.take(kArray.size());
  const std::string_view about = file.take(file.number(2));
  if (between(about, "'fortran_order': ", ",") != "False") refuse("has an array by columns");
  OldArray array;
  array.type = between(about, "'descr': '", "'");
  array.shape = parse_shape(between(about, "'shape': (", ")"));
  array.bytes = file.rest();
  check_size(array);
  return array;
}

/// The next file of the archive, which is not compressed: its name and content.
std::pair<std::string, std::string_view> next_file(Cursor& archive) {
  archive.take(kLocalHeader.size() + 4);  // and versions, flags
  if (archive.number(2) != 0) refuse("is compressed, which no saved state is");
  archive.take(8);  // time, checksum
  std::uint64_t size = archive.number(4);
  archive.take(4);
  const std::uint64_t name_size = archive.number(2), extra_size = archive.number(2);
  std::string name(archive.take(name_size));
  Cursor extra(archive.take(extra_size));
  if (size == kElsewhere) {  // the size is in the extra field: kind, its size, uncompressed size
    extra.take(4);
    size = extra.number(8);
  }
  return {std::move(name), archive.take(size)};
}

std::map<std::string, OldArray> read_arrays(std::string_view bytes) {
  std::map<std::string, OldArray> arrays;
  for (Cursor archive(bytes); archive.begins_with(kLocalHeader);) {
    const auto [name, content] = next_file(archive);
    arrays[name.substr(0, name.rfind(".npy"))] = parse_array(content);
  }
  return arrays;
}

const OldArray& find(const std::map<std::string, OldArray>& arrays, const std::string& name) {
  const auto found = arrays.find(name);
  if (found == arrays.end()) refuse("lacks " + name + ": it was saved with another model");
  return found->second;
}

std::int64_t scalar(const OldArray& array) {
  std::int64_t value = 0;
  if (array.type != "<i8" || array.bytes.size() != sizeof value) refuse("has no integer in place");
  std::memcpy(&value, array.bytes.data(), sizeof value);
  return value;
}

/// The array without its first dimension, the number of streams, which was 1.
NetworkArray context(const std::string& name, const OldArray& array) {
  if (array.type != "<f4" || array.shape.empty() || array.shape[0] != 1) {
    refuse("has a " + name + " that is none of one stream");
  }
  NetworkArray one{name, {array.shape.begin() + 1, array.shape.end()}, {}};
  one.values.resize(array.bytes.size() / sizeof(float));
  if (!one.values.empty()) {
    std::memcpy(one.values.data(), array.bytes.data(), array.bytes.size());
  }
  return one;
}

}  // namespace

bool is_old_network_state(std::string_view bytes) {
  return bytes.substr(0, kLocalHeader.size()) == kLocalHeader;
}

OldNetworkState read_old_network_state(std::string_view bytes) {
  constexpr std::array<const char*, 3> kNames = {"foreground", "rows", "hidden"};
  const std::map<std::string, OldArray> arrays = read_arrays(bytes);
  OldNetworkState old;
  old.state.weights = scalar(find(arrays, "weights"));
  old.state.seen = scalar(find(arrays, "state_0"));
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const OldArray& array = find(arrays, "state_" + std::to_string(i + 1));
    old.state.arrays.push_back(context(kNames[i], array));
  }
  const auto first = arrays.find("first_snippet");  // absent from a pool's
  if (first != arrays.end()) old.first_snippet = scalar(first->second);
  return old;
}

}  // namespace basnet_rt
