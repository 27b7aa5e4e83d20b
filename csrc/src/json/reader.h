#pragma once

#include <cstddef>
#include <stdexcept>
#include <string_view>

#include "json/value.h"

namespace basnet_rt::json {

/// A fault of a text, and its place; callers name the file, as a basnet_rt::Error.
class BadJson : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Limits of a text.
struct Limits {
  std::size_t bytes = std::size_t{8} << 20;
  std::size_t values = 200'000;  ///< of all kinds, nested ones included
  int depth = 64;                ///< of arrays and objects in each other
};

/// Reads a text strictly by RFC 8259: UTF-8 without a byte order mark, no duplicate names in an
/// object, no NaN or Infinity, no number too large for a double or longer than 64 characters.
///
/// @throws BadJson: names the byte and the place ("postprocess.nms_iou", "classes[3]").
Value read(std::string_view text, const Limits& limits = {});

}  // namespace basnet_rt::json
