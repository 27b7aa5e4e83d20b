// Settings by name, so that a new setting changes no function.

#include "basnet_rt/config.h"

#include <type_traits>
#include <vector>

#include "basnet_rt/config_fields.h"
#include "calls.h"

namespace basnet_rt::c_api {
namespace {

using Config = PostprocessConfig;

// The function of this interface that sets a field of the kind.
template <class Value>
constexpr const char* setter_of() {
  if (std::is_same_v<Value, double>) return "number";
  if (std::is_same_v<Value, std::int64_t>) return "integer";
  if (std::is_same_v<Value, bool>) return "flag";
  return std::is_same_v<Value, std::vector<double>> ? "numbers" : "choice";
}

template <class Value>
[[noreturn]] void refuse_kind(const ConfigField<Value>& field) {
  throw Error(ErrorCode::kInvalidType, std::string(field.name) +
                                           " is of another kind; use basnet_rt_config_set_" +
                                           setter_of<Value>());
}

// Calls use(field) with the field of that name.
template <class Use>
void with_field(const char* name, const Use& use) {
  const std::string wanted = text_of(name, "field");
  bool found = false;
  for_each_field([&](const auto& field) {
    if (wanted != field.name) return;
    found = true;
    use(field);
  });
  if (found) return;
  throw Error(ErrorCode::kInvalidArgument,
              "field is \"" + wanted + "\"; it must be one of " + field_names());
}

template <class T>
void set(basnet_rt_config* config, const char* name, const T& value) {
  Config& settings = handle(config, "config").value;
  with_field(name, [&](const auto& field) {
    if constexpr (std::is_same_v<std::decay_t<decltype(settings.*field.member)>, T>) {
      settings.*field.member = value;
    } else {
      refuse_kind(field);
    }
  });
}

void set_choice(Config& settings, const char* name, const char* value) {
  with_field(name, [&](const auto& field) {
    using Value = std::decay_t<decltype(settings.*field.member)>;
    if constexpr (std::is_enum_v<Value>) {
      settings.*field.member = choice_of<Value>(text_of(value, "value"), field.name);
    } else {
      refuse_kind(field);
    }
  });
}

}  // namespace
}  // namespace basnet_rt::c_api

using namespace basnet_rt::c_api;

basnet_rt_status basnet_rt_config_create(const char* mode, basnet_rt_config** config) {
  return new_handle(config, "config", [&](basnet_rt_config& made) {
    made.value = basnet_rt::defaults_of(
        basnet_rt::choice_of<basnet_rt::Mode>(text_of(mode, "mode"), "mode"));
  });
}

void basnet_rt_config_free(basnet_rt_config** config) { release(config); }

basnet_rt_status basnet_rt_config_set_number(basnet_rt_config* config, const char* field,
                                             double value) {
  return guarded([&] { set(config, field, value); });
}

basnet_rt_status basnet_rt_config_set_integer(basnet_rt_config* config, const char* field,
                                              int64_t value) {
  return guarded([&] { set(config, field, std::int64_t{value}); });
}

basnet_rt_status basnet_rt_config_set_flag(basnet_rt_config* config, const char* field,
                                           int32_t value) {
  return guarded([&] {
    if (value != 0 && value != 1) {
      throw basnet_rt::Error(basnet_rt::ErrorCode::kInvalidArgument,
                             "value is " + std::to_string(value) + "; a flag is 0 or 1");
    }
    set(config, field, value == 1);
  });
}

basnet_rt_status basnet_rt_config_set_numbers(basnet_rt_config* config, const char* field,
                                              const double* values, int64_t count) {
  return guarded([&] { set(config, field, vector_of(values, count, "values")); });
}

basnet_rt_status basnet_rt_config_set_choice(basnet_rt_config* config, const char* field,
                                             const char* value) {
  return guarded([&] { set_choice(handle(config, "config").value, field, value); });
}

basnet_rt_status basnet_rt_config_check(const basnet_rt_config* config) {
  return guarded([&] { basnet_rt::check(handle(config, "config").value); });
}
