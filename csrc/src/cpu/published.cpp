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

using Found = std::vector<RankedDetection>;

// The detections of one class that hard NMS keeps, best first.
Found keep_hard(const Found& of_class, const PostprocessConfig& config) {
  const auto order = places_in_order(
      of_class.size(), [&](std::size_t i) { return -of_class[i].score; },
      [&](std::size_t a, std::size_t b) {
        return formulas::comes_first(of_class[a], of_class[b]);
      });
  std::vector<Segment> segments;
  segments.reserve(order.size());
  for (const std::uint32_t i : order) segments.push_back(of_class[i].segment);
  Found kept;
  for (const std::size_t at : greedy_nms(segments, config.nms_iou, 1.0, iou)) {
    kept.push_back(of_class[order[at]]);
  }
  return kept;
}

// The detections of one class that soft-NMS keeps, best first. The best of the rest is searched
// again in every step: quadratic in the detections of one class in one video.
Found keep_soft(Found open, const PostprocessConfig& config) {
  const bool linear = config.nms == NmsKind::kLinear;
  const double least_iou = linear ? config.nms_iou : 0.0;
  Found kept;
  while (!open.empty()) {
    const auto best = std::min_element(open.begin(), open.end(), formulas::comes_first);
    if (best->score < config.soft_min_score) break;
    kept.push_back(*best);
    *best = open.back();
    open.pop_back();
    const Segment taken = kept.back().segment;
    for (RankedDetection& other : open) {
      if (!(other.score > 0.0)) continue;
      const double overlap = iou(taken, other.segment);
      if (!(overlap > 0.0) || overlap < least_iou) continue;
      other.score *= formulas::soft_weight(overlap, linear, config.soft_sigma);
    }
  }
  return kept;
}

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
  Found found;
  Found of_class;
  of_class.reserve(static_cast<std::size_t>(video.cas.num_snippets));
  for (const std::int64_t label : predicted_classes(video, config)) {
    of_class.clear();
    proposer.run(label, [&](std::int64_t k, std::int64_t c, double score, Segment segment) {
      of_class.push_back({score, segment, c, k});
    });
    const Found kept =
        config.nms == NmsKind::kHard ? keep_hard(of_class, config) : keep_soft(of_class, config);
    const auto other_classes = static_cast<std::ptrdiff_t>(found.size());
    found.insert(found.end(), kept.begin(), kept.end());
    std::inplace_merge(found.begin(), found.begin() + other_classes, found.end(),
                       formulas::comes_first);
  }
  return ranked(std::move(found));
}

}  // namespace basnet_rt::cpu
