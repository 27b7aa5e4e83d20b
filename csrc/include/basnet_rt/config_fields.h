#pragma once

// The only list of the fields of PostprocessConfig. Bindings, the C interface, JSON and saved
// states all use it. If a field is missing here, csrc/src/settings/config.cpp does not compile.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "basnet_rt/config.h"
#include "basnet_rt/error.h"

namespace basnet_rt {

/// One setting: its name in Python, C, JSON and YAML, and the member that holds its value.
template <class Value>
struct ConfigField {
  const char* name;
  Value PostprocessConfig::* member;
  bool may_be_unlimited = false;  ///< kUnlimited is allowed; Python's None, JSON's null
};

/// Calls `visit(ConfigField<Value>)` for every field. Saved states use the same order, so a new
/// field goes to the end.
template <class Visit>
constexpr void for_each_field(Visit&& visit) {
  using Config = PostprocessConfig;
  visit(ConfigField<Mode>{"mode", &Config::mode});
  visit(ConfigField<double>{"class_threshold", &Config::class_threshold});
  visit(ConfigField<std::vector<double>>{"cas_thresholds", &Config::cas_thresholds});
  visit(ConfigField<std::int64_t>{"upsample", &Config::upsample});
  visit(ConfigField<double>{"outer_ratio", &Config::outer_ratio});
  visit(ConfigField<double>{"score_weight", &Config::score_weight});
  visit(ConfigField<double>{"nms_iou", &Config::nms_iou});
  visit(ConfigField<NmsKind>{"nms", &Config::nms});
  visit(ConfigField<double>{"soft_sigma", &Config::soft_sigma});
  visit(ConfigField<double>{"soft_min_score", &Config::soft_min_score});
  visit(ConfigField<Normalisation>{"normalisation", &Config::normalisation});
  visit(ConfigField<std::vector<double>>{"fixed_lo", &Config::fixed_lo});
  visit(ConfigField<std::vector<double>>{"fixed_hi", &Config::fixed_hi});
  visit(ConfigField<Gate>{"gate", &Config::gate});
  visit(ConfigField<double>{"horizon", &Config::horizon, true});
  visit(ConfigField<double>{"min_duration", &Config::min_duration});
  visit(ConfigField<double>{"merge_gap", &Config::merge_gap});
  visit(ConfigField<double>{"max_duration", &Config::max_duration, true});
  visit(ConfigField<double>{"max_lookahead", &Config::max_lookahead, true});
  visit(ConfigField<bool>{"keep_top1", &Config::keep_top1});
  visit(ConfigField<ScoreFunction>{"score_function", &Config::score_function});
  visit(ConfigField<std::int64_t>{"topk_divisor", &Config::topk_divisor});
}

/// Names of the fields, with ", " between them.
inline std::string field_names() {
  std::string names;
  for_each_field(
      [&](const auto& field) { names += (names.empty() ? "" : ", ") + std::string(field.name); });
  return names;
}

/// The texts of each choice, in the order of its enumerators.
constexpr std::array<const char*, 2> texts_of(Mode) { return {"published", "continuous"}; }
constexpr std::array<const char*, 3> texts_of(NmsKind) { return {"hard", "linear", "gaussian"}; }
constexpr std::array<const char*, 3> texts_of(Normalisation) {
  return {"video", "fixed", "horizon"};
}
constexpr std::array<const char*, 3> texts_of(Gate) { return {"video", "none", "horizon"}; }
constexpr std::array<const char*, 2> texts_of(ScoreFunction) { return {"softmax", "sigmoid"}; }

/// The choice whose text is `text`.
///
/// @param field  its name, for the message.
/// @param shown  the value as the message shows it, quotes included.
/// @throws Error (kInvalidArgument) naming the field, the value and the texts that are allowed.
template <class Choice>
Choice choice_of(const std::string& text, const std::string& field, const std::string& shown) {
  const auto known = texts_of(Choice{});
  std::string allowed;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (text == known[i]) return static_cast<Choice>(i);
    allowed += (i == 0 ? "\"" : ", \"") + std::string(known[i]) + "\"";
  }
  throw Error(ErrorCode::kInvalidArgument,
              field + " is " + shown + "; it must be one of " + allowed);
}

template <class Choice>
Choice choice_of(const std::string& text, const std::string& field) {
  return choice_of<Choice>(text, field, "\"" + text + "\"");
}

}  // namespace basnet_rt
