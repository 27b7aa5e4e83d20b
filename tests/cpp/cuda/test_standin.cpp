// The CUDA backend's passes, run by the serial stand-in, must give the CPU backend's detections to
// the last bit, whatever the order of threads, teams and lanes: a pass that reads what its own
// phase writes, or a place planned too small, shows here without a GPU.

#include <limits>
#include <string>

#include "../support.h"
#include "standin.h"

namespace basnet_rt {
namespace {

using cuda::Order;
using testing::expect_invalid;
using testing::random_video;
using testing::run_standin;
using testing::run_standin_until_done;
using testing::standin_batch;
using testing::Video;

struct Case {
  std::string name;
  PostprocessConfig config;
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.name; }

template <class Change>
Case changed(const std::string& name, const Change& change) {
  Case one{name, {}};
  one.config.nms_iou = 0.6;
  change(one.config);
  check(one.config);
  return one;
}

std::vector<Case> cases() {
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
      changed("merged", [](C& c) { c.merge_gap = 2.5; }),
      changed("cut",
              [](C& c) {
                c.max_duration = 7.3;
                c.merge_gap = 1.7;
                c.max_lookahead = 1.1;
              }),
      changed("cut_short", [](C& c) { c.max_duration = 0.4; }),
      changed("long_enough", [](C& c) { c.min_duration = 2.0; }),
      changed("wide_flanks", [](C& c) { c.outer_ratio = 3.0; }),
      changed("linear", [](C& c) { c.nms = NmsKind::kLinear; }),
      changed("gaussian", [](C& c) { c.nms = NmsKind::kGaussian; }),
      changed("strict_nms", [](C& c) { c.nms_iou = 0.05; }),
      changed("published", [](C& c) { c.mode = Mode::kPublished; }),
      changed("published_coarse",
              [](C& c) {
                c.mode = Mode::kPublished;
                c.upsample = 1;
                c.nms_iou = 0.3;
              }),
  };
}

// 1 and 2, then one below, at and above a warp and a block, then a real video's length.
const std::vector<std::int64_t> kLengths = {1, 2, 31, 32, 33, 127, 128, 129, 750};

std::vector<Video> videos_of(std::int64_t num_classes, unsigned seed) {
  std::vector<Video> videos;
  for (const std::int64_t length : kLengths) {
    Video video = random_video(length, num_classes, seed++);
    for (std::size_t c = 0; c < video.scores.size(); ++c) {
      video.scores[c] = static_cast<float>((seed * 7 + c * 5) % 11) / 11.0f;
    }
    video.snippet_seconds = 0.4 + 0.3 * (seed % 3);
    videos.push_back(video);
  }
  return videos;
}

// Inputs with a raw CAS, and every third video with a duration of its own.
struct Inputs {
  std::vector<Video> videos;
  std::vector<Video> raw;
  std::vector<VideoInput> views;
};

Inputs inputs_of(const PostprocessConfig& config, std::int64_t num_classes, unsigned seed) {
  Inputs inputs{videos_of(num_classes, seed), videos_of(num_classes + 1, seed + 500), {}};
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

class Standin : public ::testing::TestWithParam<Case> {};

TEST_P(Standin, GivesTheDetectionsOfTheCpuInAnyOrder) {
  const PostprocessConfig& config = GetParam().config;
  const Inputs inputs = inputs_of(config, 3, 40);
  const auto want = postprocess_batch(inputs.views, config, 1);
  std::size_t found = 0;
  for (const Order order : {Order::kForward, Order::kBackward, Order::kScattered}) {
    const auto got = run_standin_until_done(standin_batch(inputs.views), config, order);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      SCOPED_TRACE("video " + std::to_string(i));
      expect_equal(got[i], want[i]);
      found += want[i].size();
    }
  }
  EXPECT_GT(found, 60u);  // else the comparison says nothing
}

INSTANTIATE_TEST_SUITE_P(Configs, Standin, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

TEST(StandinSizes, TooLittleMemoryAsksForMoreAndThenServes) {
  const PostprocessConfig config;
  const Inputs inputs = inputs_of(config, 2, 7);
  const auto batch = standin_batch(inputs.views);
  const auto want = postprocess_batch(inputs.views, config, 1);
  int tries = 0;
  const auto got = run_standin_until_done(batch, config, Order::kForward, {3, 64}, &tries);
  EXPECT_GT(tries, 1);  // three detections cannot be enough
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) expect_equal(got[i], want[i]);
}

TEST(StandinSizes, TheWorstCaseIsEnoughAtOnce) {
  const PostprocessConfig config;
  const Inputs inputs = inputs_of(config, 2, 9);
  const auto batch = standin_batch(inputs.views);
  const cuda::Plan plan(config, batch.videos, batch.num_classes);
  const auto run = run_standin(batch, config, Order::kForward, {plan.most_detections(), 64 << 20});
  EXPECT_EQ(run.detections.size(), inputs.views.size());
}

TEST(StandinErrors, NameVideoSnippetAndClassAsTheCpuDoes) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [video, place] : {std::pair{3, 5}, std::pair{8, 749 * 2 + 1}}) {
    Inputs inputs = inputs_of({}, 2, 11);
    inputs.videos[static_cast<std::size_t>(video)].cas[static_cast<std::size_t>(place)] = nan;
    std::string want;
    try {
      postprocess_batch(inputs.views, {}, 1);
    } catch (const Error& error) {
      want = error.what();
    }
    expect_invalid([&] { run_standin(standin_batch(inputs.views), {}, Order::kForward); }, {want});
    EXPECT_FALSE(want.empty());
  }
}

TEST(StandinErrors, ScoresOutsideTheirRange) {
  Inputs inputs = inputs_of({}, 2, 13);
  inputs.videos[4].scores[1] = 1.5f;
  expect_invalid([&] { run_standin(standin_batch(inputs.views), {}, Order::kBackward); },
                 {"videos[4]: video_scores[1]", "[0, 1]"});
}

}  // namespace
}  // namespace basnet_rt
