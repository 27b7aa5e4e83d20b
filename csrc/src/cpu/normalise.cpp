#include "cpu/normalise.h"

#include "formulas/normalisation.h"

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
