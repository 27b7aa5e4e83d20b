#include "stream_pair.h"

namespace basnet_rt::testing {
namespace {

template <class Change>
StreamCase changed(const std::string& name, const Change& change) {
  StreamCase one{name, plain_config({0.1, 0.3, 0.5, 0.7, 0.9})};
  one.config.nms_iou = 0.6;
  one.config.max_duration = 30.0 * kSnippet;
  change(one.config);
  check(one.config);
  return one;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const StreamCase& one) { return out << one.name; }

std::vector<StreamCase> stream_cases() {
  using C = PostprocessConfig;
  return {
      changed("plain", [](C&) {}),
      changed("from_zero", [](C& c) { c.cas_thresholds = {0.0, 0.025, 0.2, 0.4}; }),
      changed("ranges", [](C& c) { c.fixed_lo = {0.1, -0.2, 0.0}, c.fixed_hi = {0.8, 1.2, 1.0}; }),
      changed("cut_and_merged",
              [](C& c) { c.max_duration = 4.1, c.merge_gap = 1.3, c.max_lookahead = 0.9; }),
      changed("merged_wide", [](C& c) { c.merge_gap = 9.0, c.max_duration = 3.0; }),
      changed("cut_short", [](C& c) { c.max_duration = 0.03; }),
      changed("cut_short_merged", [](C& c) { c.max_duration = 0.05, c.merge_gap = 2.0; }),
      changed("no_flank", [](C& c) { c.outer_ratio = 0.0; }),
      changed("wide_flanks", [](C& c) { c.outer_ratio = 3.0; }),
      changed("wider_flanks", [](C& c) { c.outer_ratio = 20.0, c.max_duration = 9.0; }),
      changed("long_enough", [](C& c) { c.min_duration = 2.0; }),
      changed("horizon", [](C& c) { c.normalisation = Normalisation::kHorizon, c.horizon = 11.0; }),
      changed("horizon_of_two",
              [](C& c) { c.normalisation = Normalisation::kHorizon, c.horizon = 1.3; }),
      changed("gated",
              [](C& c) { c.gate = Gate::kHorizon, c.horizon = 9.0, c.class_threshold = 0.27; }),
      changed("gated_best",
              [](C& c) {
                c.gate = Gate::kHorizon, c.horizon = 9.0, c.class_threshold = 0.9;
                c.keep_top1 = true, c.score_function = ScoreFunction::kSigmoid;
                c.normalisation = Normalisation::kHorizon;
              }),
      changed("linear", [](C& c) { c.nms = NmsKind::kLinear; }),
      changed("gaussian", [](C& c) { c.nms = NmsKind::kGaussian; }),
      changed("all_kept", [](C& c) { c.nms_iou = 1.0; }),
  };
}

PostprocessConfig stream_config() { return stream_cases()[0].config; }

void append(StreamDetections& to, const StreamDetections& found) {
  to.labels.insert(to.labels.end(), found.labels.begin(), found.labels.end());
  to.scores.insert(to.scores.end(), found.scores.begin(), found.scores.end());
  to.segments.insert(to.segments.end(), found.segments.begin(), found.segments.end());
  to.decided.insert(to.decided.end(), found.decided.begin(), found.decided.end());
}

void expect_equal(const StreamDetections& got, const StreamDetections& want) {
  EXPECT_EQ(got.labels, want.labels);
  EXPECT_EQ(got.scores, want.scores);
  EXPECT_EQ(got.decided, want.decided);
  ASSERT_EQ(got.segments.size(), want.segments.size());
  for (std::size_t i = 0; i < got.segments.size(); ++i) {
    EXPECT_EQ(got.segments[i].start, want.segments[i].start) << i;
    EXPECT_EQ(got.segments[i].end, want.segments[i].end) << i;
  }
}

void expect_pending(const StreamDetections& got, const Detections& want) {
  expect_equal(got, {want.labels, want.scores, want.segments, got.decided});
}

}  // namespace basnet_rt::testing
