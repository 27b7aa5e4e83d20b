#include "cpu/published.h"

#include <algorithm>

#include "cpu/normalise.h"
#include "cpu/ranking.h"
#include "cpu/sampled_row.h"
#include "formulas/formulas.h"
#include "formulas/normalisation.h"
#include "formulas/order.h"
#include "formulas/released_slips.h"
#include "nms/greedy_nms.h"
#include "nms/radix_order.h"

namespace basnet_rt::cpu {
namespace {

std::vector<std::int64_t> predicted_classes(const VideoInput& video,
                                            const PostprocessConfig& config) {
  const std::int64_t classes = video.cas.num_classes;
  std::vector<std::int64_t> predicted;
  for (std::int64_t c = 0; c < classes; ++c) {
    if (released::is_predicted(video.video_scores, classes, c, config.class_threshold)) {
      predicted.push_back(c);
    }
  }
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
    row_.find_runs(config_.cas_thresholds, runs_);
    for (std::size_t k = 0; k < runs_.size(); ++k) {
      const std::vector<Run>& runs = runs_[k];
      const auto count = static_cast<std::int64_t>(runs.size());
      if (released::looks_empty(count, runs.empty() ? 0 : runs.back().last + 1)) continue;
      for (std::int64_t i = 0; i < count; ++i) {
        const Run& run = runs[static_cast<std::size_t>(i)];
        const double outer = outer_mean(row_, runs.data(), count, i, config_.outer_ratio);
        sink(static_cast<std::int64_t>(k), label,
             released::run_score(run, outer, config_.score_weight),
             released::run_segment(run, video_.snippet_seconds, config_.upsample));
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
      of_class.push_back({score, segment, c, k});
    });
    const auto order = places_in_order(
        of_class.size(), [&](std::size_t i) { return -of_class[i].score; },
        [&](std::size_t a, std::size_t b) {
          return formulas::comes_first(of_class[a], of_class[b]);
        });
    segments.clear();
    for (const std::uint32_t i : order) segments.push_back(of_class[i].segment);
    const auto other_classes = static_cast<std::ptrdiff_t>(found.size());
    for (const std::size_t at : greedy_nms(segments, config.nms_iou, 1.0, iou)) {
      found.push_back(of_class[order[at]]);
    }
    std::inplace_merge(found.begin(), found.begin() + other_classes, found.end(),
                       formulas::comes_first);
  }
  return ranked(std::move(found));
}

}  // namespace basnet_rt::cpu
