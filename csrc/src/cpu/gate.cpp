#include "cpu/gate.h"

#include <algorithm>
#include <functional>

#include "formulas/gate.h"
#include "formulas/video_score.h"

namespace basnet_rt::cpu {
namespace {

double top_mean(std::vector<float>& values, std::int64_t k) {
  const auto middle = values.begin() + k;
  std::nth_element(values.begin(), middle - 1, values.end(), std::greater<>());
  // Summed in falling order: the order after nth_element depends on its implementation.
  std::sort(values.begin(), middle, std::greater<>());
  return formulas::mean_of_best(values.data(), k);
}

}  // namespace

std::vector<double> class_scores(const CasView& raw_cas, const PostprocessConfig& config) {
  const std::int64_t k = formulas::best_snippets(raw_cas.num_snippets, config.topk_divisor);
  std::vector<double> scores(static_cast<std::size_t>(raw_cas.num_classes));
  std::vector<float> column(static_cast<std::size_t>(raw_cas.num_snippets));
  for (std::int64_t c = 0; c < raw_cas.num_classes; ++c) {
    for (std::int64_t t = 0; t < raw_cas.num_snippets; ++t) {
      column[static_cast<std::size_t>(t)] = raw_cas.row(t)[c];
    }
    scores[static_cast<std::size_t>(c)] = top_mean(column, k);
  }
  formulas::means_to_scores(scores.data(), raw_cas.num_classes, config.score_function);
  scores.pop_back();
  return scores;
}

std::vector<char> passing_classes(const std::vector<double>& scores,
                                  const PostprocessConfig& config) {
  const formulas::GateRule rule{config.class_threshold, config.keep_top1};
  const auto count = static_cast<std::int64_t>(scores.size());
  const std::int64_t top1 = rule.top1(scores.data(), count);
  std::vector<char> passes(scores.size());
  for (std::int64_t c = 0; c < count; ++c) {
    const auto at = static_cast<std::size_t>(c);
    passes[at] = rule.reaches(scores[at]) || c == top1;
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
