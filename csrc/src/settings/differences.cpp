#include "settings/differences.h"

#include <cstdint>
#include <type_traits>
#include <vector>

#include "basnet_rt/config_fields.h"
#include "settings/validate.h"

namespace basnet_rt {
namespace {

std::string shown(bool value) { return value ? "true" : "false"; }
std::string shown(std::int64_t value) { return std::to_string(value); }
std::string shown(double value) { return value == kUnlimited ? "unlimited" : to_text(value); }

std::string shown(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + shown(value);
  return "[" + text + "]";
}

template <class Choice, class = std::enable_if_t<std::is_enum_v<Choice>>>
std::string shown(Choice value) {
  return texts_of(value)[static_cast<std::size_t>(value)];
}

}  // namespace

std::string difference(const std::string& name, const std::string& there, const std::string& here) {
  return name + " is " + there + " there and " + here + " here";
}

std::string differences(const PostprocessConfig& there, const PostprocessConfig& here) {
  std::string text;
  for_each_field([&](const auto& field) {
    const auto& a = there.*field.member;
    const auto& b = here.*field.member;
    if (a == b) return;
    text += (text.empty() ? "" : ", ") + difference(field.name, shown(a), shown(b));
  });
  return text;
}

}  // namespace basnet_rt
