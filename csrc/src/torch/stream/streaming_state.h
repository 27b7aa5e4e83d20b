#pragma once

// The saved state of a StreamingLocalizer: four parts behind a header that finds damage. Python's
// basnet_rt.streaming_state reads and writes the same.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/onset.h"
#include "basnet_rt/streaming_localizer.h"

namespace basnet_rt {

/// What of a stream is no part's of its own.
struct StreamAbout {
  StreamStatistics statistics;
  std::vector<std::string> classes;
  std::optional<AlarmConfig> alarm;
  std::vector<Onset> onset_events;  ///< found, and not taken yet
};

struct StreamParts {
  StreamAbout about;
  std::string network;
  std::string post;
  std::string onsets;  ///< empty without an alarm
};

std::string seal(const StreamParts& parts);

/// What `seal` was given.
/// @throws Error (kInvalidState): other bytes, another version, or damaged.
StreamParts unseal(std::string_view state);

}  // namespace basnet_rt
