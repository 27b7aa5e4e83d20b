#include "engine/bundle/settings_json.h"

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "basnet_rt/bundle.h"
#include "basnet_rt/config_fields.h"
#include "basnet_rt/error.h"
#include "json/reader.h"
#include "json/writer.h"

namespace basnet_rt {
namespace bundle {
namespace {

using json::Kind;

/// One field of the JSON object: its name for messages, and its value.
struct Field {
  const std::string& name;
  const json::Value& value;

  [[noreturn]] void refuse(const char* kind) const {
    throw Error(ErrorCode::kInvalidType,
                name + " is " + json::shown(value) + "; it must be " + std::string(kind));
  }
};

void read(const Field& field, double& to) {
  if (!field.value.is(Kind::kNumber)) field.refuse("a number");
  to = field.value.number;
}

void read(const Field& field, std::int64_t& to) {
  if (!field.value.integer) field.refuse("an integer");
  to = *field.value.integer;
}

void read(const Field& field, bool& to) {
  if (!field.value.is(Kind::kBool)) field.refuse("true or false");
  to = field.value.truth;
}

// One number counts as a sequence of one.
void read(const Field& field, std::vector<double>& to) {
  if (field.value.is(Kind::kNumber)) {
    to = {field.value.number};
    return;
  }
  if (!field.value.is(Kind::kArray)) field.refuse("a number or a sequence of numbers");
  std::vector<double> values;
  for (const json::Value& value : field.value.items) {
    if (!value.is(Kind::kNumber)) field.refuse("a sequence of numbers");
    values.push_back(value.number);
  }
  to = std::move(values);
}

// null means "no limit", which is infinity in the core.
void read_limit(const Field& field, double& to) {
  if (!field.value.is(Kind::kNull) && !field.value.is(Kind::kNumber)) {
    field.refuse("a number or null");
  }
  to = field.value.is(Kind::kNull) ? kUnlimited : field.value.number;
}

template <class Choice>
void read_choice(const Field& field, Choice& to) {
  if (!field.value.is(Kind::kString)) field.refuse("text");
  to = choice_of<Choice>(field.value.text, field.name, json::shown(field.value));
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
  throw Error(ErrorCode::kInvalidArgument, json::quoted(given.name.substr(0, 100)) +
                                               " is no field of PostprocessConfig; it must be "
                                               "one of " +
                                               field_names());
}

// Settings of one mode have no meaning in the other; the settings of video scores belong to the
// model, so they are kept.
PostprocessConfig another_mode(Mode mode, const PostprocessConfig& config) {
  PostprocessConfig changed = defaults_of(mode);
  changed.score_function = config.score_function;
  changed.topk_divisor = config.topk_divisor;
  return changed;
}

}  // namespace

void apply_fields(const json::Value& fields, PostprocessConfig& config) {
  PostprocessConfig mode_of_fields = config;
  for (const json::Member& member : fields.members) {
    if (member.name == "mode") apply({member.name, member.value}, mode_of_fields);
  }
  if (mode_of_fields.mode != config.mode) config = another_mode(mode_of_fields.mode, config);
  for (const json::Member& member : fields.members) apply({member.name, member.value}, config);
}

}  // namespace bundle

PostprocessConfig parse_config(std::string_view text, const PostprocessConfig& base) {
  constexpr const char* kAllowed = "; they must be a JSON object of fields";
  json::Value fields;
  try {
    fields = json::read(text);
  } catch (const json::BadJson& error) {
    throw Error(ErrorCode::kInvalidArgument,
                "settings are not JSON: " + std::string(error.what()) + kAllowed);
  }
  if (!fields.is(json::Kind::kObject)) {
    throw Error(ErrorCode::kInvalidArgument, "settings are " + json::shown(fields) + kAllowed);
  }
  PostprocessConfig config = base;
  bundle::apply_fields(fields, config);
  check(config);
  return config;
}

}  // namespace basnet_rt
