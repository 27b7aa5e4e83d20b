#pragma once

// A JSON text as a tree, in the order of the text.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basnet_rt::json {

enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };

struct Member;

/// One value. Only the fields of its kind are set.
struct Value {
  Kind kind = Kind::kNull;
  bool truth = false;                   ///< kBool
  double number = 0.0;                  ///< kNumber, the nearest double; finite
  std::optional<std::int64_t> integer;  ///< kNumber without point or exponent that fits
  std::string text;                     ///< kString: UTF-8; kNumber: as it was written
  std::vector<Value> items;             ///< kArray
  std::vector<Member> members;          ///< kObject; no name twice

  bool is(Kind wanted) const { return kind == wanted; }
  /// The member of this name; null if there is none or this is not an object.
  const Value* find(std::string_view name) const;
};

struct Member {
  std::string name;
  Value value;
};

inline const Value* Value::find(std::string_view name) const {
  for (const Member& member : members) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

}  // namespace basnet_rt::json
