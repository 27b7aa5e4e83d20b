#pragma once

// One class row of the published mode: T snippets seen as T * upsample samples that are never made.

#include <cstdint>
#include <vector>

namespace basnet_rt::cpu {

/// Samples [first, last], both inclusive as in the released code.
struct Run {
  std::int64_t first = 0;
  std::int64_t last = 0;
  double sum = 0.0;  ///< of the samples
};

/// Sample j lies at position j / upsample on the line through the snippets; past the last snippet
/// the last slope goes on.
///
/// A cell is the line between two snippets. As in the released interpolation a sample on a snippet
/// belongs to the cell before it (sample 0 to the first), and the slope is a float32 difference:
/// both decide on which side of a threshold a plateau falls.
class SampledRow {
 public:
  /// @param y  (T,) normalised activations, T >= 1.
  void assign(const std::vector<float>& y, std::int64_t upsample);

  std::int64_t num_samples() const { return num_samples_; }

  /// For every threshold (rising) the maximal runs of samples that reach it and are positive, left
  /// to right. One pass: thresholds are looked at where the row crosses them, not at every cell.
  void find_runs(const std::vector<double>& thresholds, std::vector<std::vector<Run>>& runs) const;

  /// Sum of samples [begin, end) of one run, or of a part of it; begin < end.
  double sum_between(std::int64_t begin, std::int64_t end) const;

 private:
  // Samples [begin, end) on one line: rising, falling or level throughout.
  struct Cell {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    double position = 0.0;  // of the snippet it starts from
    double y = 0.0;         // and its activation
    double slope = 0.0;     // per snippet
    double first_value = 0.0;
    double last_value = 0.0;
    // Sum of all samples before. Cells that dip below 0 are inside no run and count as 0: one far
    // below would cost all others their digits.
    double sum_before = 0.0;
  };
  struct Part {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };

  double sample(const Cell& cell, std::int64_t j) const;
  double part_sum(const Cell& cell, Part part) const;
  std::int64_t border(const Cell& cell, double threshold) const;
  const Cell& cell_of(std::int64_t j) const;

  std::int64_t upsample_ = 1;
  std::int64_t num_samples_ = 0;
  std::vector<Cell> cells_;
};

}  // namespace basnet_rt::cpu
