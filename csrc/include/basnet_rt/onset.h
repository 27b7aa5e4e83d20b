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

/// The rule by which a class is reported as having begun.
struct AlarmConfig {
  std::vector<double> thresholds = {0.5};  ///< of normalised activation, > 0; one, or one per class
  double hold = 0.0;  ///< seconds that the activation must stay at or above its threshold; >= 0
};

/// A class stayed at or above its alarm threshold for the hold time. Provisional by nature: where
/// the action ends, and whether it scores, is not known yet.
struct Onset {
  std::int64_t label = 0;
  double time = 0.0;         ///< seconds; where the activation crossed the threshold
  std::int64_t decided = 0;  ///< snippet whose arrival completed the hold time
  float activation = 0.0f;   ///< normalised, of that snippet
};

/// Watches a stream for onsets, beside StreamPostprocessor; one event per stay above.
///
/// Any cut of the input into chunks gives the same events. Memory does not grow.
class BASNET_RT_API OnsetDetector {
 public:
  /// @param config  its normalisation: kFixed or kHorizon (kVideo knows no range before the end).
  /// @throws Error (kInvalidArgument)
  OnsetDetector(const AlarmConfig& alarm, const PostprocessConfig& config, std::int64_t num_classes,
                double snippet_seconds);
  ~OnsetDetector();
  OnsetDetector(OnsetDetector&&) noexcept;
  OnsetDetector& operator=(OnsetDetector&&) noexcept;

  /// @param activations  (N, C) float32, finite.
  /// @return events by (snippet, label).
  [[nodiscard]] std::vector<Onset> push(const CasView& activations);

  /// Forgets who is above: the next snippet, `snippets` later, begins anew.
  void gap(std::int64_t snippets);

  /// State without settings; `load` wants a detector of the same ones.
  [[nodiscard]] std::string save() const;
  void load(std::string_view bytes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace basnet_rt
