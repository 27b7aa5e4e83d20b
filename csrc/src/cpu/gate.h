#pragma once

// The classes that may emit, and their video scores.

#include <cstdint>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/types.h"

namespace basnet_rt::cpu {

/// The config's score function of the top-k temporal mean of raw CAS rows, background dropped,
/// float64; k = max(1, T // topk_divisor). Source: Lee et al., AAAI 2020, equation 2.
/// @param raw_cas  (T, C+1) before activation, background last; T >= 1.
std::vector<double> class_scores(const CasView& raw_cas, const PostprocessConfig& config);

/// Whether each class passes; with keep_top1, if none passes, the first best one does.
std::vector<char> passing_classes(const std::vector<double>& scores,
                                  const PostprocessConfig& config);

/// Video scores of the `length` snippets that end with snippet `last`.
///
/// Roots of several classes often end together, so the last result is kept.
class HorizonScores {
 public:
  explicit HorizonScores(std::int64_t length) : length_(length) {}

  /// @param raw_cas  rows of snippets `first`, `first + 1`, ... of the section up to `last` at
  ///                 least, and back to `length` before it where the section has them.
  void update(const CasView& raw_cas, std::int64_t first, std::int64_t last,
              const PostprocessConfig& config);

  bool passes(std::int64_t label) const { return passes_[static_cast<std::size_t>(label)] != 0; }
  double score(std::int64_t label) const { return scores_[static_cast<std::size_t>(label)]; }

 private:
  std::int64_t length_;
  std::int64_t last_ = -1;
  std::vector<double> scores_;
  std::vector<char> passes_;
};

}  // namespace basnet_rt::cpu
