#include "cpu/sampled_row.h"

#include "formulas/formulas.h"

namespace basnet_rt::cpu {

void SampledRow::assign(const std::vector<float>& y, std::int64_t upsample) {
  upsample_ = upsample;
  num_snippets_ = static_cast<std::int64_t>(y.size());
  cells_.resize(static_cast<std::size_t>(num_cells(num_snippets_)));
  sum_before_.resize(cells_.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const SampledCell& cell = cells_[i] =
        make_cell(y.data(), num_snippets_, static_cast<std::int64_t>(i), upsample);
    sum_before_[i] = sum;
    if (cell.counts()) sum += cell.sum(cell.begin, cell.end, upsample);
  }
}

double SampledRow::sum_between(std::int64_t begin, std::int64_t end) const {
  return sum_of_samples(
      begin, end, num_snippets_, upsample_,
      [this](std::int64_t i) -> const SampledCell& { return cells_[static_cast<std::size_t>(i)]; },
      [this](std::int64_t i) { return sum_before_[static_cast<std::size_t>(i)]; });
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
  for (const SampledCell& cell : cells_) {
    move_to(cell.first_value, [&](std::size_t) { return cell.begin; });
    move_to(cell.last_value, [&](std::size_t k) { return cell.border(thresholds[k], upsample_); });
  }
  move_to(-1.0, [&](std::size_t) { return num_samples(); });
}

}  // namespace basnet_rt::cpu
