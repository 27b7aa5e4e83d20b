#pragma once

#include <cstdint>
#include <optional>

#include "basnet_rt/stream_pool.h"

namespace basnet_rt::cpu {

/// Settings of every stream of a pool.
struct PoolSettings {
  PostprocessConfig config;
  std::int64_t num_classes = 0;
  std::int64_t feature_dim = 0;
  double snippet_seconds = 0.0;
  PoolOptions options;

  /// The onset detector of a new stream; none without an alarm.
  std::optional<OnsetDetector> new_detector() const {
    if (!options.alarm) return std::nullopt;
    return OnsetDetector(*options.alarm, config, num_classes, snippet_seconds);
  }
};

}  // namespace basnet_rt::cpu
