#pragma once

// The fields of every saved stream, in a pool or alone. They are not in the public structs, which
// do not know the archive.

#include <optional>
#include <string>

#include "basnet_rt/onset.h"
#include "settings/validate.h"

namespace basnet_rt {

/// An absent alarm is written without thresholds; a real one has at least one.
template <class Archive>
void visit_alarm(Archive& archive, std::optional<AlarmConfig>& alarm) {
  AlarmConfig plain = alarm.value_or(AlarmConfig{{}, 0.0});
  archive.block(plain.thresholds);
  archive.field(plain.hold);
  alarm = plain.thresholds.empty() ? std::nullopt : std::optional<AlarmConfig>(plain);
}

inline bool same_alarm(const std::optional<AlarmConfig>& a, const std::optional<AlarmConfig>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->thresholds == b->thresholds && a->hold == b->hold;
}

/// "([0.5], 1)", or "none".
inline std::string alarm_text(const std::optional<AlarmConfig>& alarm) {
  if (!alarm) return "none";
  std::string values;
  for (const double value : alarm->thresholds) {
    values += (values.empty() ? "" : ", ") + to_text(value);
  }
  return "([" + values + "], " + to_text(alarm->hold) + ")";
}

template <class Archive, class Onsets>  // constant ones for a writer
void visit_onsets(Archive& archive, Onsets& onsets) {
  for (auto& onset : onsets) {  // field by field, because the struct has padding
    archive.field(onset.label);
    archive.field(onset.time);
    archive.field(onset.decided);
    archive.field(onset.activation);
  }
}

}  // namespace basnet_rt
