#include "cases.h"

#include <utility>

namespace basnet_rt::testing {

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }

namespace {

template <class Change>
Case changed(const std::string& name, const Change& change) {
  Case one{name, {}};
  one.config.nms_iou = 0.6;
  change(one.config);
  check(one.config);
  return one;
}

std::vector<Case> cases_of_range_and_gate() {
  using C = PostprocessConfig;
  return {
      changed("defaults", [](C&) {}),
      changed("gate_none_fixed",
              [](C& c) {
                c.normalisation = Normalisation::kFixed;
                c.gate = Gate::kNone;
                c.cas_thresholds = {0.1, 0.3, 0.5, 0.7, 0.9};
              }),
      changed("fixed_per_class",
              [](C& c) {
                c.normalisation = Normalisation::kFixed;
                c.fixed_lo = {0.1, -0.2, 0.0};
                c.fixed_hi = {0.8, 1.2, 1.0};
              }),
      changed("horizon",
              [](C& c) {
                c.normalisation = Normalisation::kHorizon;
                c.gate = Gate::kHorizon;
                c.horizon = 23.0;
                c.class_threshold = 0.3;
              }),
      changed("horizon_keep_top1",
              [](C& c) {
                c.gate = Gate::kHorizon;
                c.horizon = 9.0;
                c.class_threshold = 0.9;
                c.keep_top1 = true;
                c.score_function = ScoreFunction::kSigmoid;
              }),
      changed("keep_top1",
              [](C& c) {
                c.class_threshold = 0.9;
                c.keep_top1 = true;
              }),
  };
}

std::vector<Case> cases_of_intervals_and_nms() {
  using C = PostprocessConfig;
  return {
      changed("merged", [](C& c) { c.merge_gap = 2.5; }),
      changed("cut",
              [](C& c) {
                c.max_duration = 7.3;
                c.merge_gap = 1.7;
                c.max_lookahead = 1.1;
                c.nms = NmsKind::kHard;
              }),
      changed("cut_short",
              [](C& c) {
                c.max_duration = 0.4;
                c.cas_thresholds = {0.3, 0.7};  // memory is sized for whole roots
              }),
      changed("long_enough", [](C& c) { c.min_duration = 2.0; }),
      changed("wide_flanks", [](C& c) { c.outer_ratio = 3.0; }),
      changed("linear", [](C& c) { c.nms = NmsKind::kLinear; }),
      changed("hard", [](C& c) { c.nms = NmsKind::kHard; }),
      changed("strict_nms",
              [](C& c) {
                c.nms = NmsKind::kHard;
                c.nms_iou = 0.05;
              }),
      changed("published", [](C& c) { c = C::published(); }),
      changed("published_gaussian",
              [](C& c) {
                c = C::published();
                c.nms = NmsKind::kGaussian;
              }),
      changed("published_coarse",
              [](C& c) {
                c = C::published();
                c.upsample = 1;
                c.nms_iou = 0.3;
              }),
  };
}

}  // namespace

std::vector<Case> cases() {
  std::vector<Case> all = cases_of_range_and_gate();
  for (Case& one : cases_of_intervals_and_nms()) all.push_back(std::move(one));
  return all;
}

namespace {

std::vector<Video> videos_of(std::int64_t num_classes, unsigned seed,
                             const std::vector<std::int64_t>& lengths) {
  std::vector<Video> videos;
  for (const std::int64_t length : lengths) {
    Video video = random_video(length, num_classes, seed++);
    for (std::size_t c = 0; c < video.scores.size(); ++c) {
      video.scores[c] = static_cast<float>((seed * 7 + c * 5) % 11) / 11.0f;
    }
    video.snippet_seconds = 0.4 + 0.3 * (seed % 3);
    videos.push_back(video);
  }
  return videos;
}

}  // namespace

Inputs inputs_of(const PostprocessConfig& config, std::int64_t num_classes, unsigned seed,
                 const std::vector<std::int64_t>& lengths) {
  Inputs inputs{
      videos_of(num_classes, seed, lengths), videos_of(num_classes + 1, seed + 500, lengths), {}};
  for (std::size_t i = 0; i < inputs.videos.size(); ++i) {
    VideoInput view = inputs.videos[i].input();
    view.raw_cas = inputs.raw[i].input().cas;
    const double whole = static_cast<double>(view.cas.num_snippets) * view.snippet_seconds;
    if (config.mode == Mode::kContinuous && i % 3 == 1) view.duration = 0.7 * whole;
    if (config.mode == Mode::kContinuous && i % 3 == 2) view.duration = 1.3 * whole;
    inputs.views.push_back(view);
  }
  return inputs;
}

void expect_equal(const Detections& got, const Detections& want) {
  EXPECT_EQ(got.labels, want.labels);
  EXPECT_EQ(got.scores, want.scores);
  ASSERT_EQ(got.segments.size(), want.segments.size());
  for (std::size_t i = 0; i < got.segments.size(); ++i) {
    EXPECT_EQ(got.segments[i].start, want.segments[i].start) << i;
    EXPECT_EQ(got.segments[i].end, want.segments[i].end) << i;
  }
}

}  // namespace basnet_rt::testing
