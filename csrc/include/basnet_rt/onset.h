#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/types.h"

namespace basnet_rt {

/// The rule for reporting an onset: that an action of a class has begun.
struct AlarmConfig {
  std::vector<double> thresholds = {0.5};  ///< of normalised activation, > 0; one, or one per class
  double hold = 0.0;  ///< seconds that the activation must stay at or above its threshold; >= 0
};

/// A class stayed at or above its alarm threshold for the hold time. An onset is provisional: the
/// end and the score of the action are not known yet.
struct Onset {
  std::int64_t label = 0;
  double time = 0.0;         ///< seconds; when the activation crossed the threshold
  std::int64_t decided = 0;  ///< snippet whose arrival completed the hold time
  float activation = 0.0f;   ///< normalised, of that snippet
};

/// Watches a stream for onsets, beside StreamPostprocessor. Each time a class rises above its
/// threshold gives at most one onset.
///
/// The size of the chunks does not change the onsets. Memory does not grow.
class BASNET_RT_API OnsetDetector {
 public:
  /// @param config  normalisation kFixed or kHorizon (kVideo has no range before the end).
  /// @throws Error (kInvalidArgument)
  OnsetDetector(const AlarmConfig& alarm, const PostprocessConfig& config, std::int64_t num_classes,
                double snippet_seconds);
  ~OnsetDetector();
  OnsetDetector(OnsetDetector&&) noexcept;
  OnsetDetector& operator=(OnsetDetector&&) noexcept;

  /// @param activations  (N, C) float32, finite.
  /// @return onsets by (snippet, label).
  [[nodiscard]] std::vector<Onset> push(const CasView& activations);

  /// Declares that `snippets` are missing here: forgets which classes are above their threshold.
  void gap(std::int64_t snippets);

  /// The state without the settings: `load` needs a detector with the same settings.
  [[nodiscard]] std::string save() const;
  void load(std::string_view bytes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace basnet_rt
