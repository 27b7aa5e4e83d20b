#include "cpu/normalise.h"

#include <algorithm>
#include <cmath>

namespace basnet_rt::cpu {

ClassExtremes class_extremes(const CasView& cas) {
  const auto classes = static_cast<std::size_t>(cas.num_classes);
  ClassExtremes extremes{{cas.data, cas.data + classes}, {cas.data, cas.data + classes}};
  float* min = extremes.min.data();
  float* max = extremes.max.data();
  for (std::int64_t t = 1; t < cas.num_snippets; ++t) {
    const float* row = cas.row(t);
    for (std::size_t c = 0; c < classes; ++c) {
      min[c] = row[c] < min[c] ? row[c] : min[c];
      max[c] = row[c] > max[c] ? row[c] : max[c];
    }
  }
  return extremes;
}

std::int64_t horizon_snippets(double horizon, double snippet_seconds) {
  const double snippets = std::floor(horizon / snippet_seconds + 1e-9);
  // Beyond any stream's length the window never slides; keep the cast defined.
  return static_cast<std::int64_t>(std::clamp(snippets, 1.0, 4e18));
}

formulas::Range fixed_range(const PostprocessConfig& config, std::int64_t class_index) {
  const auto at = [class_index](const std::vector<double>& values) {
    return values[values.size() == 1 ? 0 : static_cast<std::size_t>(class_index)];
  };
  const double lo = at(config.fixed_lo);
  return {lo, at(config.fixed_hi) - lo};
}

formulas::Range SlidingRange::push(float value) {
  while (!rising_.empty() && rising_.back().second >= value) rising_.pop_back();
  while (!falling_.empty() && falling_.back().second <= value) falling_.pop_back();
  rising_.emplace_back(count_, value);
  falling_.emplace_back(count_, value);
  const std::int64_t oldest = count_ - length_ + 1;
  while (rising_.front().first < oldest) rising_.pop_front();
  while (falling_.front().first < oldest) falling_.pop_front();
  ++count_;
  return formulas::minmax_range(rising_.front().second, falling_.front().second);
}

void normalise_class(const CasView& cas, std::int64_t class_index, const PostprocessConfig& config,
                     const ClassExtremes& extremes, double snippet_seconds,
                     std::vector<double>& out) {
  out.resize(static_cast<std::size_t>(cas.num_snippets));
  const float* x = cas.data + class_index;
  if (config.normalisation == Normalisation::kHorizon) {
    SlidingRange window(horizon_snippets(config.horizon, snippet_seconds));
    for (auto& y : out) {
      y = formulas::normalise(*x, window.push(*x));
      x += cas.row_stride;
    }
    return;
  }
  const auto c = static_cast<std::size_t>(class_index);
  const formulas::Range range = config.normalisation == Normalisation::kFixed
                                    ? fixed_range(config, class_index)
                                    : formulas::minmax_range(extremes.min[c], extremes.max[c]);
  for (auto& y : out) {
    y = formulas::normalise(*x, range);
    x += cas.row_stride;
  }
}

}  // namespace basnet_rt::cpu
