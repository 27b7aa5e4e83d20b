#pragma once

// Checks of a NetworkLocalizer's features, networks and saved states; each throws Error.

#include <cstdint>

#include "basnet_rt/network_localizer.h"
#include "saved/localizer_state.h"

namespace basnet_rt {

/// (N, F) rows of the model's width, N >= 0.
void check_shape(const FeatureView& features, const StreamedModel& model);

/// Rows of `num_classes` activations, and with `with_cas` raw rows with one background column more.
void check_output(const StreamActivations& certain, std::int64_t num_classes, bool with_cas);

/// Whether `state` was saved by a stream of the same classes and alarm.
void check_fit(const LocalizerState& state, const StreamedModel& model,
               const std::optional<AlarmConfig>& alarm);

}  // namespace basnet_rt
