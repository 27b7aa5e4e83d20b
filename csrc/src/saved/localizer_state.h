#pragma once

// The whole state of a NetworkLocalizer as bytes.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/network_localizer.h"
#include "basnet_rt/onset.h"

namespace basnet_rt {

struct LocalizerState {
  std::vector<std::string> classes;
  std::optional<AlarmConfig> alarm;
  StreamStatistics statistics;
  std::int64_t first = 0;             ///< absolute index of the first snippet since the last gap
  std::int64_t seen = 0;              ///< snippets given to the network since then
  std::vector<Onset> onset_events;    ///< found, and not taken yet
  std::string network, post, onsets;  ///< of the parts; the last is empty without an alarm
};

std::string seal_state(const LocalizerState& state);

/// The inverse of `seal_state`; also reads states of version 0.1.
/// @throws Error (kInvalidState): the bytes are not such a state, damaged, or of another version.
LocalizerState unseal_state(std::string_view bytes);

}  // namespace basnet_rt
