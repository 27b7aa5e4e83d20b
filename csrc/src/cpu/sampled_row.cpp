#include "cpu/sampled_row.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "formulas/formulas.h"

namespace basnet_rt::cpu {
namespace {

// The limits between thresholds: a value that reaches the first `active` thresholds is in
// [floors[active], floors[active + 1]). At threshold 0 a value must be positive.
std::vector<double> floors_of(const std::vector<double>& thresholds) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<double> floors{-kInfinity};
  for (const double threshold : thresholds) {
    floors.push_back(threshold > 0.0 ? threshold : std::numeric_limits<double>::denorm_min());
  }
  floors.push_back(kInfinity);
  return floors;
}

// SampledCell::border, but computes samples only if rounding could matter. Otherwise the line meets
// the threshold at least a thousandth of a sample away from any sample, and the slope is not tiny
// compared to the value, so rounding errors are far smaller than that.
std::int64_t border_of(const SampledCell& cell, double threshold, std::int64_t upsample) {
  constexpr double kNear = 1e-3, kFlat = 1e-6, kFar = 1e8;
  const double at =
      (cell.position + (threshold - cell.y) / cell.slope) * static_cast<double>(upsample);
  if (std::abs(cell.slope) > kFlat * std::abs(cell.y) && cell.position < kFar && at >= 0.0) {
    const auto before = static_cast<std::int64_t>(at);
    const double share = at - static_cast<double>(before);
    const bool clear = share > kNear && share < 1.0 - kNear;
    if (clear && before >= cell.begin && before + 1 < cell.end) return before + 1;
  }
  return cell.border(threshold, upsample);
}

}  // namespace

void SampledRow::assign(std::vector<float> y, std::int64_t upsample) {
  upsample_ = upsample;
  num_snippets_ = static_cast<std::int64_t>(y.size());
  y_ = std::move(y);
  const auto cells = static_cast<std::size_t>(num_cells(num_snippets_));
  ends_.resize(cells);
  sums_.resize(cells);
  make_edge(0);
  // All cells except the first and last have the same form: samples 1 to `upsample` after a
  // snippet, the last one on the next snippet. This is make_cell and its sum for that case, bit for
  // bit.
  const auto steps = static_cast<double>(upsample);
  const double mean_step = 0.5 * ((steps + 1.0) * steps) / steps;
  for (std::size_t i = 1; i + 1 < cells; ++i) {
    const double value = y_[i];
    const double slope = y_[i + 1] - y_[i];
    const auto first = static_cast<double>(static_cast<std::int64_t>(i) * upsample + 1);
    ends_[i] = {slope * (first / steps - static_cast<double>(i)) + value, slope + value};
    sums_[i] = steps * value + slope * mean_step;
  }
  make_edge(cells - 1);
  double sum = 0.0;
  for (std::size_t i = 0; i < cells; ++i) {
    const bool counts = ends_[i].first >= 0.0 && ends_[i].last >= 0.0;
    const double with_cell = sum + sums_[i];
    sums_[i] = sum;
    sum = counts ? with_cell : sum;
  }
}

void SampledRow::make_edge(std::size_t i) {
  const SampledCell edge =
      make_cell(y_.data(), num_snippets_, static_cast<std::int64_t>(i), upsample_);
  ends_[i] = {edge.first_value, edge.last_value};
  sums_[i] = edge.sum(edge.begin, edge.end, upsample_);
}

// make_cell without its divisions.
SampledCell SampledRow::cell(std::size_t i) const {
  const std::int64_t base = static_cast<std::int64_t>(i) * upsample_;
  SampledCell cell;
  cell.begin = i == 0 ? 0 : base + 1;
  cell.end = i + 1 == ends_.size() ? num_samples() : base + upsample_ + 1;
  cell.position = static_cast<double>(i);
  cell.y = y_[i];
  cell.slope = num_snippets_ > 1 ? y_[i + 1] - y_[i] : 0.0f;
  cell.first_value = ends_[i].first;
  cell.last_value = ends_[i].last;
  return cell;
}

double SampledRow::sum_between(std::int64_t begin, std::int64_t end) const {
  return sum_of_samples(
      begin, end, num_snippets_, upsample_,
      [this](std::int64_t i) { return cell(static_cast<std::size_t>(i)); },
      [this](std::int64_t i) { return sums_[static_cast<std::size_t>(i)]; });
}

void SampledRow::find_runs(const std::vector<double>& thresholds,
                           std::vector<std::vector<Run>>& runs) const {
  runs.resize(thresholds.size());
  for (auto& list : runs) list.clear();
  std::vector<std::int64_t> start(thresholds.size());
  const std::vector<double> floors = floors_of(thresholds);
  std::size_t active = 0;  // thresholds [0, active) are reached
  double low = floors[0], high = floors[1];
  // Opens and closes runs at thresholds that `value` crosses; `at(k)` is the first sample beyond.
  const auto move_to = [&](double value, const auto& at) {
    for (; value >= floors[active + 1]; ++active) start[active] = at(active);
    while (value < floors[active]) {
      --active;
      const std::int64_t end = at(active);
      runs[active].push_back({start[active], end - 1, sum_between(start[active], end)});
    }
  };
  for (std::size_t i = 0; i < ends_.size(); ++i) {
    const Ends ends = ends_[i];
    if (std::min(ends.first, ends.last) >= low && std::max(ends.first, ends.last) < high) continue;
    const SampledCell crossed = cell(i);
    move_to(crossed.first_value, [&](std::size_t) { return crossed.begin; });
    move_to(crossed.last_value,
            [&](std::size_t k) { return border_of(crossed, thresholds[k], upsample_); });
    low = floors[active];
    high = floors[active + 1];
  }
  move_to(-1.0, [&](std::size_t) { return num_samples(); });
}

}  // namespace basnet_rt::cpu
