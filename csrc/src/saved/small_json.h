#pragma once

// JSON as version 0.1 wrote it into saved streams: null, numbers, texts, lists and objects. Only
// read, and only what a checksum has vouched for.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace basnet_rt {

struct JsonValue {
  enum class Kind { kNull, kNumber, kText, kList, kObject };

  Kind kind = Kind::kNull;
  double number = 0.0;
  std::string text;                ///< UTF-8
  std::vector<JsonValue> list;     ///< of an object, the values
  std::vector<std::string> names;  ///< of an object, one per value

  /// @throws Error (kInvalidState): it is of another kind, or holds nothing there.
  double as_number() const;
  const std::string& as_text() const;
  const std::vector<JsonValue>& as_list(std::size_t least = 0) const;
  const JsonValue& at(const std::string& name) const;
};

/// @throws Error (kInvalidState): not such a text.
JsonValue parse_json(std::string_view text);

}  // namespace basnet_rt
