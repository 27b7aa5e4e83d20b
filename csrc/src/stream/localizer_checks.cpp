#include "stream/localizer_checks.h"

#include <string>

#include "basnet_rt/error.h"
#include "saved/stream_fields.h"
#include "settings/validate.h"

namespace basnet_rt {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kInvalidState, why); }

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return "[" + text + "]";
}

void check_size(const char* name, const std::vector<float>& values, std::int64_t rows,
                std::int64_t columns) {
  if (static_cast<std::int64_t>(values.size()) == rows * columns) return;
  refuse("the network gave " + std::to_string(values.size()) + " values as " + name +
         "; they must be (" + std::to_string(rows) + ", " + std::to_string(columns) + ")");
}

}  // namespace

void check_shape(const FeatureView& features, const StreamedModel& model) {
  if (features.feature_dim != model.feature_dim) {
    throw Error(ErrorCode::kBundle,
                "features: this bundle expects features with " + std::to_string(model.feature_dim) +
                    " channels" + (model.features.empty() ? "" : " (" + model.features + ")") +
                    ", got " + std::to_string(features.feature_dim));
  }
  if (features.num_snippets < 0 || (features.num_snippets > 0 && features.data == nullptr)) {
    fail("features has " + std::to_string(features.num_snippets) + " snippets at " +
         (features.data == nullptr ? "no address" : "an address") + "; give (N, " +
         std::to_string(model.feature_dim) + ") values, N >= 0");
  }
}

void check_output(const StreamActivations& certain, std::int64_t num_classes, bool with_cas) {
  if (certain.num_snippets < 0) refuse("the network gave a negative number of snippets");
  check_size("activations", certain.activations, certain.num_snippets, num_classes);
  if (with_cas) check_size("cas", certain.cas, certain.num_snippets, num_classes + 1);
}

void check_fit(const LocalizerState& state, const StreamedModel& model,
               const std::optional<AlarmConfig>& alarm) {
  if (state.classes != model.classes) {
    refuse("state is of a model with classes " + joined(state.classes) + "; this one has " +
           joined(model.classes));
  }
  if (!same_alarm(state.alarm, alarm)) {
    refuse("state has alarm (thresholds, hold) " + alarm_text(state.alarm) + "; this stream has " +
           alarm_text(alarm));
  }
}

}  // namespace basnet_rt
