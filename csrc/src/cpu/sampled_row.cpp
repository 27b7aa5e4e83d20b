#include "cpu/sampled_row.h"

#include <algorithm>
#include <cmath>

#include "formulas.h"

namespace basnet_rt::cpu {

void SampledRow::assign(const std::vector<float>& y, std::int64_t upsample) {
  upsample_ = upsample;
  num_samples_ = static_cast<std::int64_t>(y.size()) * upsample;
  cells_.resize(std::max<std::size_t>(1, y.size() - 1));
  double sum = 0.0;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const std::int64_t base = static_cast<std::int64_t>(i) * upsample;
    Cell& cell = cells_[i];
    cell.begin = i == 0 ? 0 : base + 1;
    cell.end = i + 1 == cells_.size() ? num_samples_ : base + upsample + 1;
    cell.position = static_cast<double>(i);
    cell.y = y[i];
    cell.slope = y.size() > 1 ? y[i + 1] - y[i] : 0.0f;
    cell.first_value = sample(cell, cell.begin);
    cell.last_value = sample(cell, cell.end - 1);
    cell.sum_before = sum;
    if (cell.first_value >= 0.0 && cell.last_value >= 0.0) {
      sum += part_sum(cell, {cell.begin, cell.end});
    }
  }
}

double SampledRow::sample(const Cell& cell, std::int64_t j) const {
  const double position = static_cast<double>(j) / static_cast<double>(upsample_);
  return cell.slope * (position - cell.position) + cell.y;
}

const SampledRow::Cell& SampledRow::cell_of(std::int64_t j) const {
  const auto index = static_cast<std::size_t>(j == 0 ? 0 : (j - 1) / upsample_);
  return cells_[std::min(index, cells_.size() - 1)];
}

double SampledRow::part_sum(const Cell& cell, Part part) const {
  const double base = cell.position * static_cast<double>(upsample_);
  const double begin = static_cast<double>(part.begin) - base;
  const double end = static_cast<double>(part.end) - base;
  const double steps = 0.5 * (end * (end - 1.0) - begin * (begin - 1.0));
  return (end - begin) * cell.y + cell.slope * (steps / static_cast<double>(upsample_));
}

double SampledRow::sum_between(std::int64_t begin, std::int64_t end) const {
  const Cell& first = cell_of(begin);
  const Cell& last = cell_of(end - 1);
  if (&first == &last) return part_sum(first, {begin, end});
  const double between = last.sum_before - (&first + 1)->sum_before;
  return part_sum(first, {begin, first.end}) + between + part_sum(last, {last.begin, end});
}

// First sample on the other side of a threshold that the cell's first and last sample straddle. The
// closed form finds it to within rounding, the samples themselves settle it.
std::int64_t SampledRow::border(const Cell& cell, double threshold) const {
  const auto active = [&](std::int64_t j) {
    return formulas::is_active(sample(cell, j), threshold);
  };
  const bool last = formulas::is_active(cell.last_value, threshold);
  const double position = cell.position + (threshold - cell.y) / cell.slope;
  const double low = static_cast<double>(cell.begin + 1);
  const double high = static_cast<double>(cell.end - 1);
  auto found = static_cast<std::int64_t>(
      std::clamp(std::floor(position * static_cast<double>(upsample_)) + 1.0, low, high));
  while (found > cell.begin + 1 && active(found - 1) == last) --found;
  while (found < cell.end - 1 && active(found) != last) ++found;
  return found;
}

void SampledRow::find_runs(const std::vector<double>& thresholds,
                           std::vector<std::vector<Run>>& runs) const {
  runs.resize(thresholds.size());
  for (auto& list : runs) list.clear();
  std::vector<std::int64_t> start(thresholds.size());
  std::size_t active = 0;  // thresholds [0, active) are reached
  // Opens and closes runs where `value` changes sides; `at(k)` is the first sample that did.
  const auto move_to = [&](double value, const auto& at) {
    for (; active < thresholds.size() && formulas::is_active(value, thresholds[active]); ++active) {
      start[active] = at(active);
    }
    while (active > 0 && !formulas::is_active(value, thresholds[active - 1])) {
      --active;
      const std::int64_t end = at(active);
      runs[active].push_back({start[active], end - 1, sum_between(start[active], end)});
    }
  };
  for (const Cell& cell : cells_) {
    move_to(cell.first_value, [&](std::size_t) { return cell.begin; });
    move_to(cell.last_value, [&](std::size_t k) { return border(cell, thresholds[k]); });
  }
  move_to(-1.0, [&](std::size_t) { return num_samples_; });
}

}  // namespace basnet_rt::cpu
