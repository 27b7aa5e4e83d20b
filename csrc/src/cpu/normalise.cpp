#include "cpu/normalise.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "formulas/ranges.h"

namespace basnet_rt::cpu {

Extremes class_extremes(const CasView& cas, std::int64_t class_index) {
  const float* x = cas.data + class_index;
  Extremes extremes{*x, *x};
  for (std::int64_t t = 1; t < cas.num_snippets; ++t) {
    x += cas.row_stride;
    extremes.min = *x < extremes.min ? *x : extremes.min;
    extremes.max = *x > extremes.max ? *x : extremes.max;
  }
  return extremes;
}

formulas::Range SlidingRange::push(float value) {
  while (!rising_.empty() && rising_.back().value >= value) rising_.pop_back();
  while (!falling_.empty() && falling_.back().value <= value) falling_.pop_back();
  rising_.push_back({count_, value});
  falling_.push_back({count_, value});
  const std::int64_t oldest = count_ - length_ + 1;
  while (rising_.front().when < oldest) rising_.pop_front();
  while (falling_.front().when < oldest) falling_.pop_front();
  ++count_;
  return formulas::minmax_range(rising_.front().value, falling_.front().value);
}

bool SlidingRange::consistent() const {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;
  const auto possible = [this](const Entry& one) {
    return std::isfinite(one.value) && one.when >= 0 && one.when < count_;
  };
  return count_ >= 0 && count_ <= kMost && std::all_of(rising_.begin(), rising_.end(), possible) &&
         std::all_of(falling_.begin(), falling_.end(), possible);
}

void normalise_class(const CasView& cas, std::int64_t class_index, const PostprocessConfig& config,
                     double snippet_seconds, std::vector<double>& out) {
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
  formulas::Range range;
  if (config.normalisation == Normalisation::kFixed) {
    range = fixed_range(config, class_index);
  } else {
    const Extremes extremes = class_extremes(cas, class_index);
    range = formulas::minmax_range(extremes.min, extremes.max);
  }
  for (auto& y : out) {
    y = formulas::normalise(*x, range);
    x += cas.row_stride;
  }
}

}  // namespace basnet_rt::cpu
