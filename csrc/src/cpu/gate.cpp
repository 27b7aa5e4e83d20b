#include "cpu/gate.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace basnet_rt::cpu {
namespace {

double top_mean(std::vector<float>& values, std::int64_t k) {
  const auto middle = values.begin() + k;
  std::nth_element(values.begin(), middle - 1, values.end(), std::greater<>());
  // Summed in falling order: nth_element leaves an order of its own, which must not show.
  std::sort(values.begin(), middle, std::greater<>());
  double sum = 0.0;
  for (auto value = values.begin(); value != middle; ++value) sum += static_cast<double>(*value);
  return sum / static_cast<double>(k);
}

void softmax(std::vector<double>& values) {
  const double top = *std::max_element(values.begin(), values.end());
  double sum = 0.0;
  for (double& value : values) sum += value = std::exp(value - top);
  for (double& value : values) value /= sum;
}

}  // namespace

std::vector<double> class_scores(const CasView& raw_cas, const PostprocessConfig& config) {
  const std::int64_t k = std::max<std::int64_t>(1, raw_cas.num_snippets / config.topk_divisor);
  std::vector<double> scores(static_cast<std::size_t>(raw_cas.num_classes));
  std::vector<float> column(static_cast<std::size_t>(raw_cas.num_snippets));
  for (std::int64_t c = 0; c < raw_cas.num_classes; ++c) {
    for (std::int64_t t = 0; t < raw_cas.num_snippets; ++t) {
      column[static_cast<std::size_t>(t)] = raw_cas.row(t)[c];
    }
    scores[static_cast<std::size_t>(c)] = top_mean(column, k);
  }
  if (config.score_function == ScoreFunction::kSoftmax) {
    softmax(scores);
  } else {
    for (double& score : scores) score = 1.0 / (1.0 + std::exp(-score));
  }
  scores.pop_back();
  return scores;
}

std::vector<char> passing_classes(const std::vector<double>& scores,
                                  const PostprocessConfig& config) {
  std::vector<char> passes(scores.size());
  bool any = false;
  for (std::size_t c = 0; c < scores.size(); ++c) {
    passes[c] = scores[c] >= config.class_threshold;
    any = any || passes[c];
  }
  if (!any && config.keep_top1) {
    const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
    passes[static_cast<std::size_t>(best)] = 1;
  }
  return passes;
}

void HorizonScores::update(const CasView& raw_cas, std::int64_t first, std::int64_t last,
                           const PostprocessConfig& config) {
  if (last == last_) return;
  last_ = last;
  const std::int64_t begin = std::max(first, last - length_ + 1);
  const CasView window{raw_cas.row(begin - first), last - begin + 1, raw_cas.num_classes,
                       raw_cas.row_stride};
  scores_ = class_scores(window, config);
  passes_ = passing_classes(scores_, config);
}

}  // namespace basnet_rt::cpu
