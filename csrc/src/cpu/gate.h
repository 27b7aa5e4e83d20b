#pragma once

// Which classes may emit, and with which video score.

#include <cstdint>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/types.h"

namespace basnet_rt::cpu {

/// Softmax over C+1 of the top-k temporal mean of raw CAS rows, background dropped, float64.
///
/// k = max(1, T // 8). Source: Lee et al., AAAI 2020, equation 2.
/// @param raw_cas  (T, C+1) before activation, background last; T >= 1.
std::vector<double> video_scores(const CasView& raw_cas);

/// For each class whether it passes; with keep_top1 the first best one where none does.
std::vector<char> passing_classes(const std::vector<double>& scores,
                                  const PostprocessConfig& config);

/// Scores at snippet `last`: of the `length` snippets that end with it.
///
/// Roots of several classes often end together, so the last answer is kept.
class HorizonScores {
 public:
  HorizonScores(const PostprocessConfig& config, std::int64_t length)
      : config_(config), length_(length) {}

  /// @param raw_cas  rows of snippets `first`, `first + 1`, ... of the section up to `last` at
  /// least.
  void update(const CasView& raw_cas, std::int64_t first, std::int64_t last);

  bool passes(std::int64_t label) const { return passes_[static_cast<std::size_t>(label)] != 0; }
  double score(std::int64_t label) const { return scores_[static_cast<std::size_t>(label)]; }

 private:
  const PostprocessConfig& config_;
  std::int64_t length_;
  std::int64_t last_ = -1;
  std::vector<double> scores_;
  std::vector<char> passes_;
};

}  // namespace basnet_rt::cpu
