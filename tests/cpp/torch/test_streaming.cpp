#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "basnet_rt/localizer.h"
#include "basnet_rt/streaming_localizer.h"
#include "torch/torch_support.h"

namespace basnet_rt {
namespace {

using testing::bundle;
using testing::Features;
using testing::kFeatureDim;

/// Every final of a stream that is fed in chunks of one size.
StreamDetections run(StreamingLocalizer& stream, const Features& features, std::int64_t chunk) {
  StreamDetections found;
  for (std::int64_t at = 0; at < features.count; at += chunk) {
    testing::append(found, stream.push(features.view(at, std::min(chunk, features.count - at))));
  }
  testing::append(found, stream.finish());
  return found;
}

PostprocessConfig with(PostprocessConfig config, Normalisation normalisation, Gate gate) {
  config.normalisation = normalisation;
  config.gate = gate;
  config.horizon = 6.0;
  config.class_threshold = 0.1;
  return config;
}

TEST(Streaming, EqualsOfflineUnderEverySettingAndCut) {
  const Features features(120, 1);
  const Model model = Model::load(bundle("model.pt"));
  const PostprocessConfig own = model.metadata().postprocess;
  for (const PostprocessConfig& config : {own, with(own, Normalisation::kVideo, Gate::kVideo),
                                          with(own, Normalisation::kHorizon, Gate::kHorizon)}) {
    const Detections offline = Localizer(model, config)(features.view());
    ASSERT_GT(offline.size(), 0u);
    for (const std::int64_t chunk : {1, 2, 3, 50, 120}) {
      StreamingLocalizer stream(model, config);
      testing::expect_close(run(stream, features, chunk), offline);
    }
  }
}

TEST(Streaming, FinalsComeBeforeTheEnd) {
  const Features features(120, 1);
  StreamingLocalizer stream(Model::load(bundle("model.pt")));
  EXPECT_GT(stream.push(features.view()).size(), 0u);
}

TEST(Streaming, IsTwoSnippetsBehindItsInputUntilTheEnd) {
  const Features features(10, 2);
  StreamingLocalizer stream(Model::load(bundle("model.pt")));
  for (std::int64_t t = 0; t < 10; ++t) {
    stream.push(features.view(t, 1));
    EXPECT_EQ(stream.num_snippets(), std::max<std::int64_t>(0, t - 1));
  }
  stream.finish();
  EXPECT_EQ(stream.num_snippets(), 10);
  EXPECT_TRUE(stream.finished());
}

TEST(Streaming, StreamsOfZeroToThreeSnippetsEnd) {
  const Features features(3, 3);
  const Model model = Model::load(bundle("model.pt"));
  for (const std::int64_t count : {0, 1, 2, 3}) {
    StreamingLocalizer stream(model);
    StreamDetections found = stream.push(features.view(0, count));
    testing::append(found, stream.finish());
    if (count == 0) {
      EXPECT_EQ(found.size(), 0u);
    } else {
      testing::expect_close(found, Localizer(model)(features.view(0, count)));
    }
  }
}

TEST(Streaming, AGapEndsOneVideoAndBeginsAnother) {
  const Features features(60, 4);
  const Model model = Model::load(bundle("model.pt"));
  StreamingLocalizer stream(model);
  StreamDetections found = stream.push(features.view(0, 25));
  testing::append(found, stream.gap(10));
  testing::append(found, stream.push(features.view(25, 35)));
  testing::append(found, stream.finish());

  StreamDetections parts;
  const double offset = 35 * model.metadata().snippet_seconds();
  for (const auto& [first, size] : {std::pair<int, int>{0, 25}, {25, 35}}) {
    for (const auto& row : testing::sorted_rows(Localizer(model)(features.view(first, size)))) {
      const double moved = first == 0 ? 0.0 : offset;
      parts.labels.push_back(static_cast<std::int64_t>(row[0]));
      parts.segments.push_back({row[1] + moved, row[2] + moved});
      parts.scores.push_back(static_cast<float>(row[3]));
    }
  }
  testing::expect_close(found, parts);
}

TEST(Streaming, ACallThatThrowsLeavesTheStreamAsItWas) {
  const Features features(60, 5);
  const Model model = Model::load(bundle("model.pt"));
  StreamingLocalizer whole(model), disturbed(model);
  Features bad(7, 6);
  bad.values[4 * kFeatureDim + 1] = std::numeric_limits<float>::quiet_NaN();
  StreamDetections expected, found;
  for (std::int64_t at = 0; at < 60; at += 20) {
    testing::append(expected, whole.push(features.view(at, 20)));
    testing::append(found, disturbed.push(features.view(at, 20)));
    const std::string snippet = "snippet " + std::to_string(at + 20 + 4) + ", channel 1";
    testing::expect_invalid([&] { disturbed.push(bad.view()); }, {snippet});
    testing::expect_error([&] { disturbed.push({bad.values.data(), 7, 9}); }, ErrorCode::kBundle,
                          {"got 9"});
    testing::expect_invalid([&] { disturbed.gap(0); }, {"0"});
    testing::expect_invalid([&] { disturbed.finish(0.1); }, {"duration"});
  }
  testing::append(expected, whole.finish());
  testing::append(found, disturbed.finish());
  testing::expect_same(found, expected);
  EXPECT_EQ(disturbed.statistics().snippets_in, 60);
}

TEST(Streaming, BadFeaturesBecomeZeroWhereAskedFor) {
  Features features(40, 7), clean = features;
  features.values[11] = INFINITY;
  features.values[100] = std::numeric_limits<float>::quiet_NaN();
  clean.values[11] = clean.values[100] = 0.0f;
  const Model model = Model::load(bundle("model.pt"));
  StreamingLocalizer zeroing(model, std::nullopt, {std::nullopt, true}), plain(model);
  testing::expect_same(run(zeroing, features, 8), run(plain, clean, 8));
  EXPECT_EQ(zeroing.statistics().features_zeroed, 2);
}

TEST(Streaming, ResetBeginsAnew) {
  const Features features(60, 8);
  StreamingLocalizer stream(Model::load(bundle("model.pt")));
  const StreamDetections first = run(stream, features, 7);
  testing::expect_error([&] { stream.push(features.view(0, 1)); }, ErrorCode::kInvalidState,
                        {"push after finish"});
  testing::expect_error([&] { stream.finish(); }, ErrorCode::kInvalidState, {"finish"});
  stream.reset();
  testing::expect_same(run(stream, features, 7), first);
}

TEST(Streaming, PendingIsWhatFinishWouldAddForWhatIsCertain) {
  const Features features(60, 9);
  StreamingLocalizer stream(Model::load(bundle("model.pt")));
  bool any = false;
  for (std::int64_t t = 0; t < 60; ++t) {
    stream.push(features.view(t, 1));
    any = any || stream.pending().size() > 0;
  }
  EXPECT_TRUE(any);
}

TEST(Streaming, OnsetsComeOnceAndDoNotDependOnTheCut) {
  const Features features(120, 10);
  const Model model = Model::load(bundle("model.pt"));
  const StreamingOptions options{AlarmConfig{{0.4}, 0.0}, false};
  std::vector<std::vector<Onset>> runs;
  for (const std::int64_t chunk : {1, 120}) {
    StreamingLocalizer stream(model, std::nullopt, options);
    run(stream, features, chunk);
    runs.push_back(stream.onsets());
    EXPECT_TRUE(stream.onsets().empty());
  }
  ASSERT_GT(runs[0].size(), 0u);
  ASSERT_EQ(runs[0].size(), runs[1].size());
  for (std::size_t i = 0; i < runs[0].size(); ++i) {
    EXPECT_EQ(runs[0][i].label, runs[1][i].label);
    EXPECT_EQ(runs[0][i].decided, runs[1][i].decided);
    EXPECT_NEAR(runs[0][i].time, runs[1][i].time, 1e-4);
  }
}

TEST(Streaming, LatencyIsCountedFromTheEndOfADetection) {
  const Features features(120, 11);
  StreamingLocalizer stream(Model::load(bundle("model.pt")));
  const StreamDetections found = run(stream, features, 1);
  const StreamStatistics& did = stream.statistics();
  EXPECT_EQ(did.finals_out, static_cast<std::int64_t>(found.size()));
  EXPECT_EQ(did.snippets_in, 120);
  EXPECT_EQ(did.pushes, 120);
  EXPECT_GT(did.mean_latency(), 0.0);
  EXPECT_GE(did.latency_max, did.mean_latency());
  EXPECT_GT(did.compute_seconds, 0.0);
}

}  // namespace
}  // namespace basnet_rt
