// Settings by name, so that a new one changes no signature.

#include "basnet_rt/config.h"

#include <array>
#include <type_traits>
#include <variant>

#include "calls.h"

namespace basnet_rt::c_api {
namespace {

using Config = PostprocessConfig;
template <class T>
using In = T Config::*;
using Member = std::variant<In<double>, In<std::int64_t>, In<bool>, In<std::vector<double>>,
                            In<Mode>, In<NmsKind>, In<Normalisation>, In<Gate>, In<ScoreFunction>>;

struct Field {
  const char* name;
  Member member;
};

const std::array<Field, 22> kFields{{
    {"mode", &Config::mode},
    {"class_threshold", &Config::class_threshold},
    {"cas_thresholds", &Config::cas_thresholds},
    {"upsample", &Config::upsample},
    {"outer_ratio", &Config::outer_ratio},
    {"score_weight", &Config::score_weight},
    {"nms_iou", &Config::nms_iou},
    {"nms", &Config::nms},
    {"soft_sigma", &Config::soft_sigma},
    {"soft_min_score", &Config::soft_min_score},
    {"normalisation", &Config::normalisation},
    {"fixed_lo", &Config::fixed_lo},
    {"fixed_hi", &Config::fixed_hi},
    {"gate", &Config::gate},
    {"horizon", &Config::horizon},
    {"min_duration", &Config::min_duration},
    {"merge_gap", &Config::merge_gap},
    {"max_duration", &Config::max_duration},
    {"max_lookahead", &Config::max_lookahead},
    {"keep_top1", &Config::keep_top1},
    {"score_function", &Config::score_function},
    {"topk_divisor", &Config::topk_divisor},
}};

// Texts of each choice, in the order of its enumerators.
constexpr std::array<const char*, 2> texts(Mode) { return {"published", "continuous"}; }
constexpr std::array<const char*, 3> texts(NmsKind) { return {"hard", "linear", "gaussian"}; }
constexpr std::array<const char*, 3> texts(Normalisation) { return {"video", "fixed", "horizon"}; }
constexpr std::array<const char*, 3> texts(Gate) { return {"video", "none", "horizon"}; }
constexpr std::array<const char*, 2> texts(ScoreFunction) { return {"softmax", "sigmoid"}; }

const char* setter_of(const Member& member) {
  constexpr std::array<const char*, 4> kSetters{"number", "integer", "flag", "numbers"};
  return member.index() < kSetters.size() ? kSetters[member.index()] : "choice";
}

const Field& field_of(const char* name) {
  const std::string wanted = text_of(name, "field");
  std::string known;
  for (const Field& field : kFields) {
    if (wanted == field.name) return field;
    known += (known.empty() ? "" : ", ") + std::string(field.name);
  }
  throw Error(ErrorCode::kInvalidArgument,
              "field is \"" + wanted + "\"; it must be one of " + known);
}

[[noreturn]] void refuse_kind(const Field& field) {
  throw Error(ErrorCode::kInvalidType, std::string(field.name) +
                                           " is of another kind; use basnet_rt_config_set_" +
                                           setter_of(field.member));
}

template <class T>
void set(basnet_rt_config* config, const char* name, T&& value) {
  Config& settings = handle(config, "config").value;
  const Field& field = field_of(name);
  const auto* member = std::get_if<In<std::decay_t<T>>>(&field.member);
  if (member == nullptr) refuse_kind(field);
  settings.*(*member) = std::forward<T>(value);
}

template <class Choice>
Choice choice_of(const std::string& text, const char* name) {
  const auto known = texts(Choice{});
  std::string allowed;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (text == known[i]) return static_cast<Choice>(i);
    allowed += (i == 0 ? "\"" : ", \"") + std::string(known[i]) + "\"";
  }
  throw Error(ErrorCode::kInvalidArgument,
              std::string(name) + " is \"" + text + "\"; it must be one of " + allowed);
}

void set_choice(Config& settings, const Field& field, const std::string& text) {
  std::visit(
      [&](auto member) {
        using Value = std::decay_t<decltype(settings.*member)>;
        if constexpr (std::is_enum_v<Value>) {
          settings.*member = choice_of<Value>(text, field.name);
        } else {
          refuse_kind(field);
        }
      },
      field.member);
}

}  // namespace
}  // namespace basnet_rt::c_api

using namespace basnet_rt::c_api;

basnet_rt_status basnet_rt_config_create(const char* mode, basnet_rt_config** config) {
  return new_handle(config, "config", [&](basnet_rt_config& made) {
    made.value.mode = choice_of<basnet_rt::Mode>(text_of(mode, "mode"), "mode");
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
  return guarded([&] {
    basnet_rt::PostprocessConfig& settings = handle(config, "config").value;
    set_choice(settings, field_of(field), text_of(value, "value"));
  });
}

basnet_rt_status basnet_rt_config_check(const basnet_rt_config* config) {
  return guarded([&] { basnet_rt::check(handle(config, "config").value); });
}
