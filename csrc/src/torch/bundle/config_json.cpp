#include "torch/bundle/config_json.h"

#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "basnet_rt/bundle.h"
#include "basnet_rt/config_fields.h"
#include "basnet_rt/error.h"

namespace basnet_rt {
namespace {

using nlohmann::json;

/// One field of the JSON object: its name for messages, and its value.
struct Field {
  const std::string& name;
  const json& value;

  [[noreturn]] void refuse(const char* kind) const {
    throw Error(ErrorCode::kInvalidType,
                name + " is " + to_text(value) + "; it must be " + std::string(kind));
  }
};

void read(const Field& field, double& to) {
  if (!field.value.is_number()) field.refuse("a number");
  to = field.value.get<double>();
}

void read(const Field& field, std::int64_t& to) {
  if (!field.value.is_number_integer()) field.refuse("an integer");
  to = field.value.get<std::int64_t>();
}

void read(const Field& field, bool& to) {
  if (!field.value.is_boolean()) field.refuse("true or false");
  to = field.value.get<bool>();
}

// One number stands for a sequence of one.
void read(const Field& field, std::vector<double>& to) {
  if (field.value.is_number()) {
    to = {field.value.get<double>()};
    return;
  }
  if (!field.value.is_array()) field.refuse("a number or a sequence of numbers");
  std::vector<double> values;
  for (const json& value : field.value) {
    if (!value.is_number()) field.refuse("a sequence of numbers");
    values.push_back(value.get<double>());
  }
  to = std::move(values);
}

// null is "no limit", which the core writes as infinity.
void read_limit(const Field& field, double& to) {
  if (field.value.is_null()) {
    to = kUnlimited;
    return;
  }
  if (!field.value.is_number()) field.refuse("a number or null");
  to = field.value.get<double>();
}

template <class Choice>
void read_choice(const Field& field, Choice& to) {
  if (!field.value.is_string()) field.refuse("text");
  to = choice_of<Choice>(field.value.get_ref<const std::string&>(), field.name,
                         to_text(field.value));
}

// Sets the field of that name.
void apply(const Field& given, PostprocessConfig& config) {
  bool found = false;
  for_each_field([&](const auto& field) {
    if (given.name != field.name) return;
    found = true;
    auto& value = config.*field.member;
    using Value = std::decay_t<decltype(value)>;
    if constexpr (std::is_enum_v<Value>) {
      read_choice(given, value);
    } else if constexpr (std::is_same_v<Value, double>) {
      field.may_be_unlimited ? read_limit(given, value) : read(given, value);
    } else {
      read(given, value);
    }
  });
  if (found) return;
  throw Error(ErrorCode::kInvalidArgument,
              "\"" + given.name + "\" is no field of PostprocessConfig; it must be one of " +
                  field_names());
}

}  // namespace

std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

void apply_fields(const json& fields, PostprocessConfig& config) {
  for (const auto& [name, value] : fields.items()) apply({name, value}, config);
}

PostprocessConfig parse_config(std::string_view text, const PostprocessConfig& base) {
  const json fields = json::parse(text, nullptr, false);
  if (!fields.is_object()) {
    throw Error(ErrorCode::kInvalidArgument,
                "settings are " +
                    (fields.is_discarded() ? std::string("not JSON") : to_text(fields)) +
                    "; they must be a JSON object of fields");
  }
  PostprocessConfig config = base;
  apply_fields(fields, config);
  check(config);
  return config;
}

}  // namespace basnet_rt
