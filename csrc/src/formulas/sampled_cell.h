#pragma once

// The samples of mode published, for both backends: T snippets count as T * upsample samples, which
// are never stored.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "formulas/formulas.h"
#include "formulas/host_device.h"

namespace basnet_rt {

/// Samples [first, last], both inclusive as in the released code.
struct Run {
  std::int64_t first = 0;
  std::int64_t last = 0;
  double sum = 0.0;  ///< of the samples
};

/// Samples [begin, end) on the line between two snippets: rising, falling or level throughout.
///
/// Sample j lies at position j / upsample; after the last snippet the last slope continues. As in
/// the released interpolation, a sample on a snippet belongs to the cell before it (sample 0 to the
/// first), and the slope is a float32 difference. Both can decide whether a plateau reaches a
/// threshold.
struct SampledCell {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  double position = 0.0;  // of the snippet it starts from
  double y = 0.0;         // and its activation
  double slope = 0.0;     // per snippet
  double first_value = 0.0;
  double last_value = 0.0;

  BASNET_RT_HOST_DEVICE double sample(std::int64_t j, std::int64_t upsample) const {
    const double at = static_cast<double>(j) / static_cast<double>(upsample);
    return slope * (at - position) + y;
  }

  /// Sum of samples [from, to), which lie in the cell.
  BASNET_RT_HOST_DEVICE double sum(std::int64_t from, std::int64_t to,
                                   std::int64_t upsample) const {
    const double base = position * static_cast<double>(upsample);
    const double a = static_cast<double>(from) - base;
    const double b = static_cast<double>(to) - base;
    const double steps = 0.5 * (b * (b - 1.0) - a * (a - 1.0));
    return (b - a) * y + slope * (steps / static_cast<double>(upsample));
  }

  /// Cells with values below 0 are in no run and count as 0 in running sums, because a large
  /// negative value would reduce the precision of all later sums.
  BASNET_RT_HOST_DEVICE bool counts() const { return first_value >= 0.0 && last_value >= 0.0; }

  /// First sample on the other side of a threshold that lies between the first and last sample. The
  /// closed form finds it up to rounding; the samples themselves decide.
  BASNET_RT_HOST_DEVICE std::int64_t border(double threshold, std::int64_t upsample) const {
    const bool at_last = formulas::is_active(last_value, threshold);
    const double at = position + (threshold - y) / slope;
    const double low = static_cast<double>(begin + 1);
    const double high = static_cast<double>(end - 1);
    auto found = static_cast<std::int64_t>(
        std::clamp(std::floor(at * static_cast<double>(upsample)) + 1.0, low, high));
    while (found > begin + 1 &&
           formulas::is_active(sample(found - 1, upsample), threshold) == at_last) {
      --found;
    }
    while (found < end - 1 && formulas::is_active(sample(found, upsample), threshold) != at_last) {
      ++found;
    }
    return found;
  }
};

/// One cell less than snippets, but at least one.
BASNET_RT_HOST_DEVICE inline std::int64_t num_cells(std::int64_t num_snippets) {
  return num_snippets > 1 ? num_snippets - 1 : 1;
}

/// @param y  (num_snippets,) normalised activations.
BASNET_RT_HOST_DEVICE inline SampledCell make_cell(const float* y, std::int64_t num_snippets,
                                                   std::int64_t i, std::int64_t upsample) {
  const std::int64_t base = i * upsample;
  const bool last = i + 1 == num_cells(num_snippets);
  SampledCell cell;
  cell.begin = i == 0 ? 0 : base + 1;
  cell.end = last ? num_snippets * upsample : base + upsample + 1;
  cell.position = static_cast<double>(i);
  cell.y = y[i];
  cell.slope = num_snippets > 1 ? y[i + 1] - y[i] : 0.0f;
  cell.first_value = cell.sample(cell.begin, upsample);
  cell.last_value = cell.sample(cell.end - 1, upsample);
  return cell;
}

/// Index of the cell that holds sample j.
BASNET_RT_HOST_DEVICE inline std::int64_t cell_of(std::int64_t j, std::int64_t num_snippets,
                                                  std::int64_t upsample) {
  return std::min(j == 0 ? 0 : (j - 1) / upsample, num_cells(num_snippets) - 1);
}

/// Sum of samples [begin, end) of one run, or of a part of it; begin < end.
///
/// @param cell  cell(i) is cell i.
/// @param sum_before  sum_before(i): of all samples in cells before cell i.
template <class Cells, class Sums>
BASNET_RT_HOST_DEVICE double sum_of_samples(std::int64_t begin, std::int64_t end,
                                            std::int64_t num_snippets, std::int64_t upsample,
                                            const Cells& cell, const Sums& sum_before) {
  const std::int64_t first = cell_of(begin, num_snippets, upsample);
  const std::int64_t last = cell_of(end - 1, num_snippets, upsample);
  const SampledCell& from = cell(first);
  if (first == last) return from.sum(begin, end, upsample);
  const SampledCell& to = cell(last);
  const double between = sum_before(last) - sum_before(first + 1);
  return from.sum(begin, from.end, upsample) + between + to.sum(to.begin, end, upsample);
}

/// Mean over the window beside run `at` of the thresholded samples: samples of other runs count,
/// samples below the threshold count as zeros.
///
/// @param runs  (count,) of one threshold, left to right.
/// @param row  has `num_samples()` and `sum_between(begin, end)` of samples inside one run.
template <class Row>
BASNET_RT_HOST_DEVICE double outer_mean(const Row& row, const Run* runs, std::int64_t count,
                                        std::int64_t at, double outer_ratio) {
  const Run& run = runs[at];
  const double reach = outer_ratio * static_cast<double>(run.last - run.first + 1);
  const std::int64_t last_sample = row.num_samples() - 1;
  // Truncation towards zero, as int() does; in double first, so that no reach overflows.
  const auto begin =
      static_cast<std::int64_t>(std::max(0.0, static_cast<double>(run.first) - reach));
  const auto end = static_cast<std::int64_t>(
      std::min(static_cast<double>(last_sample), static_cast<double>(run.last) + reach));
  double sum = 0.0;
  for (std::int64_t i = at; i-- > 0 && runs[i].last >= begin;) {
    sum += runs[i].first >= begin ? runs[i].sum : row.sum_between(begin, runs[i].last + 1);
  }
  for (std::int64_t i = at + 1; i < count && runs[i].first <= end; ++i) {
    sum += runs[i].last <= end ? runs[i].sum : row.sum_between(runs[i].first, end + 1);
  }
  const std::int64_t samples = (run.first - begin) + (end - run.last);
  return samples > 0 ? sum / static_cast<double>(samples) : 0.0;
}

}  // namespace basnet_rt
