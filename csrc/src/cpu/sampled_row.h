#pragma once

// One class row of the published mode, with running sums over its cells.

#include <cstdint>
#include <vector>

#include "formulas/sampled_cell.h"

namespace basnet_rt::cpu {

class SampledRow {
 public:
  /// @param y  (T,) normalised activations, T >= 1.
  void assign(std::vector<float> y, std::int64_t upsample);

  std::int64_t num_samples() const { return num_snippets_ * upsample_; }

  /// For every threshold (rising), the maximal runs of samples that reach it and are positive, left
  /// to right. One pass: a threshold costs time only where the row crosses it.
  void find_runs(const std::vector<double>& thresholds, std::vector<std::vector<Run>>& runs) const;

  /// Sum of samples [begin, end) of one run, or of a part of it; begin < end.
  double sum_between(std::int64_t begin, std::int64_t end) const;

 private:
  /// The part of a cell that find_runs always uses; the rest is computed if needed.
  struct Ends {
    double first = 0.0;  // value of the first sample
    double last = 0.0;
  };

  SampledCell cell(std::size_t i) const;
  void make_edge(std::size_t i);

  std::int64_t upsample_ = 1;
  std::int64_t num_snippets_ = 0;
  std::vector<float> y_;
  std::vector<Ends> ends_;
  std::vector<double> sums_;  // of all samples in cells before
};

}  // namespace basnet_rt::cpu
