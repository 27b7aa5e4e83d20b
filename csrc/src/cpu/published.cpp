#include "cpu/published.h"

#include <algorithm>

#include "cpu/greedy_nms.h"
#include "cpu/normalise.h"
#include "cpu/radix_order.h"
#include "cpu/ranking.h"
#include "cpu/sampled_row.h"
#include "formulas.h"

namespace basnet_rt::cpu {
namespace {

// The released code compares in float32. Its test for "any class" asks whether any predicted
// *index* is non-zero, so class 0 alone emits nothing.
std::vector<std::int64_t> predicted_classes(const VideoInput& video,
                                            const PostprocessConfig& config) {
  const auto threshold = static_cast<float>(config.class_threshold);
  std::vector<std::int64_t> predicted;
  for (std::int64_t c = 0; c < video.cas.num_classes; ++c) {
    if (video.video_scores[c] >= threshold) predicted.push_back(c);
  }
  if (predicted.size() == 1 && predicted[0] == 0) predicted.clear();
  return predicted;
}

std::vector<float> normalised_row(const CasView& cas, std::int64_t label) {
  std::vector<float> y(static_cast<std::size_t>(cas.num_snippets));
  const Extremes extremes = class_extremes(cas, label);
  const float* x = cas.data + label;
  for (float& value : y) {
    value = formulas::normalise_published(*x, extremes.min, extremes.max);
    x += cas.row_stride;
  }
  return y;
}

double iou(Segment a, Segment b) { return formulas::published_iou(a.start, a.end, b.start, b.end); }

// Runs of one class at every threshold, as proposals.
class ClassProposer {
 public:
  ClassProposer(const VideoInput& video, const PostprocessConfig& config)
      : video_(video), config_(config) {}

  template <class Sink>
  void run(std::int64_t label, Sink&& sink) {
    row_.assign(normalised_row(video_.cas, label), config_.upsample);
    // A predicted class scores 1 and the released product is float32: the weight itself, rounded.
    const double video_term = static_cast<float>(config_.score_weight);
    const double sample_seconds = video_.snippet_seconds / static_cast<double>(config_.upsample);
    row_.find_runs(config_.cas_thresholds, runs_);
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      const std::vector<Run>& runs = runs_[k];
      // A list that holds sample 0 alone looks empty to the released code.
      if (runs.size() == 1 && runs[0].last == 0) continue;
      for (std::size_t i = 0; i < runs.size(); ++i) {
        const Run& run = runs[i];
        const double inner = run.sum / static_cast<double>(run.last - run.first + 1);
        const double outer = outer_mean(row_, runs.data(), static_cast<std::int64_t>(runs.size()),
                                        static_cast<std::int64_t>(i), config_.outer_ratio);
        sink(static_cast<std::int64_t>(k), label, formulas::contrast(inner, outer, video_term),
             Segment{static_cast<double>(run.first) * sample_seconds,
                     static_cast<double>(run.last + 1) * sample_seconds});
      }
    }
  }

 private:
  const VideoInput& video_;
  const PostprocessConfig& config_;
  SampledRow row_;
  std::vector<std::vector<Run>> runs_;  // by threshold
};

}  // namespace

Proposals propose_published(const VideoInput& video, const PostprocessConfig& config) {
  ClassProposer proposer(video, config);
  Proposals found;
  for (const std::int64_t label : predicted_classes(video, config)) {
    proposer.run(label, [&](std::int64_t k, std::int64_t c, double score, Segment segment) {
      found.threshold_index.push_back(k);
      found.labels.push_back(c);
      found.scores.push_back(score);
      found.segments.push_back(segment);
    });
  }
  return sorted_by_threshold(found);
}

Detections postprocess_published(const VideoInput& video, const PostprocessConfig& config) {
  ClassProposer proposer(video, config);
  std::vector<RankedDetection> found;
  std::vector<RankedDetection> of_class;
  std::vector<Segment> segments;
  of_class.reserve(static_cast<std::size_t>(video.cas.num_snippets));
  for (const std::int64_t label : predicted_classes(video, config)) {
    of_class.clear();
    proposer.run(label, [&](std::int64_t k, std::int64_t c, double score, Segment segment) {
      of_class.push_back({score, segment, c, static_cast<int>(k)});
    });
    const auto order = places_in_order(
        of_class.size(), [&](std::size_t i) { return -of_class[i].score; },
        [&](std::size_t a, std::size_t b) { return comes_first(of_class[a], of_class[b]); });
    segments.clear();
    for (const std::uint32_t i : order) segments.push_back(of_class[i].segment);
    const auto other_classes = static_cast<std::ptrdiff_t>(found.size());
    for (const std::size_t at : greedy_nms(segments, config.nms_iou, 1.0, iou)) {
      found.push_back(of_class[order[at]]);
    }
    std::inplace_merge(found.begin(), found.begin() + other_classes, found.end(), comes_first);
  }
  return ranked(std::move(found));
}

}  // namespace basnet_rt::cpu
