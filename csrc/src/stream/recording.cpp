#include "stream/recording.h"

#include <algorithm>

#include "cpu/gate.h"
#include "cpu/normalise.h"

namespace basnet_rt::cpu {

void Recording::append(const CasView& activations, const CasView& raw_cas) {
  for (std::int64_t t = 0; t < activations.num_snippets; ++t) {
    const float* row = activations.row(t);
    rows_.insert(rows_.end(), row, row + activations.num_classes);
    if (raw_cas.data == nullptr) continue;
    raw_.insert(raw_.end(), raw_cas.row(t), raw_cas.row(t) + raw_cas.num_classes);
  }
  num_rows_ += activations.num_snippets;
}

void Recording::gap(std::int64_t snippets) {
  gaps_.push_back({num_rows_, snippets});
  missing_ += snippets;
}

WholeVideo Recording::whole_video(const StreamSettings& settings, const float* video_scores) const {
  const std::int64_t classes = settings.num_classes;
  WholeVideo whole;
  const CasView rows{rows_.data(), num_rows_, classes, classes};
  for (std::int64_t c = 0; c < classes; ++c) whole.extremes.push_back(class_extremes(rows, c));
  if (settings.config.gate != Gate::kVideo) return whole;
  if (video_scores != nullptr) {
    whole.scores.assign(video_scores, video_scores + classes);
    return whole;
  }
  whole.scores = class_scores({raw_.data(), num_rows_, classes + 1, classes + 1}, settings.config);
  // Rounded to float32, like all other video scores.
  for (double& score : whole.scores) score = static_cast<float>(score);
  return whole;
}

std::vector<DecidedDetection> Recording::replay(const StreamSettings& settings,
                                                std::optional<double> duration,
                                                const float* video_scores) const {
  if (num_rows_ == 0) return {};
  const WholeVideo whole = whole_video(settings, video_scores);
  StreamMachine machine(settings, &whole);
  std::vector<DecidedDetection> finals;
  auto gap = gaps_.begin();
  const auto skip_gaps = [&](std::int64_t row) {
    for (; gap != gaps_.end() && gap->row == row; ++gap) {
      machine.close(std::nullopt, finals);
      machine.skip(gap->snippets);
    }
  };
  const bool needs_raw = settings.config.gate == Gate::kHorizon;
  for (std::int64_t t = 0; t < num_rows_; ++t) {
    skip_gaps(t);
    const float* raw_row = needs_raw ? raw_.data() + t * (settings.num_classes + 1) : nullptr;
    machine.push(rows_.data() + t * settings.num_classes, raw_row, finals);
  }
  skip_gaps(num_rows_);
  machine.close(duration, finals);
  std::sort(finals.begin(), finals.end(), [](const DecidedDetection& a, const DecidedDetection& b) {
    return formulas::comes_first(a.detection, b.detection);
  });
  for (DecidedDetection& one : finals) one.decided = num_snippets();
  return finals;
}

}  // namespace basnet_rt::cpu
