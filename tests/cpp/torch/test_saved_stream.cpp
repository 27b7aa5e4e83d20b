#include <gtest/gtest.h>

#include "basnet_rt/streaming_localizer.h"
#include "torch/torch_support.h"

namespace basnet_rt {
namespace {

using testing::bundle;
using testing::Features;

const StreamingOptions kAlarmed{AlarmConfig{{0.4}, 0.0}, false};

StreamingLocalizer alarmed(const std::string& name = "model.pt") {
  return StreamingLocalizer(Model::load(bundle(name)), std::nullopt, kAlarmed);
}

TEST(SavedStream, ContinuesInAnotherObjectAsIfNothingHadHappened) {
  const Features features(90, 1);
  for (const char* name : {"model.pt", "bfloat16.pt"}) {
    StreamingLocalizer whole = alarmed(name), first = alarmed(name);
    const Model again = Model::load(bundle(name));
    StreamDetections expected, found;
    for (std::int64_t t = 0; t < 90; t += 3) {
      testing::append(expected, whole.push(features.view(t, 3)));
      StreamingLocalizer next(again, std::nullopt, kAlarmed);  // only the bytes are left
      next.load(first.save());
      testing::append(found, next.push(features.view(t, 3)));
      first = std::move(next);
    }
    testing::append(expected, whole.finish());
    testing::append(found, first.finish());
    ASSERT_GT(expected.size(), 0u);
    testing::expect_same(found, expected);
    EXPECT_EQ(first.statistics().finals_out, whole.statistics().finals_out);
    EXPECT_EQ(first.statistics().latency_sum, whole.statistics().latency_sum);
    EXPECT_EQ(first.onsets().size(), whole.onsets().size());
  }
}

TEST(SavedStream, CarriesAGapAndAFinish) {
  const Features features(30, 2);
  StreamingLocalizer stream = alarmed(), loaded = alarmed();
  stream.push(features.view(0, 10));
  stream.gap(5);
  loaded.load(stream.save());
  EXPECT_EQ(loaded.num_snippets(), 15);
  Features bad(1, 3);
  bad.values[0] = INFINITY;
  testing::expect_invalid([&] { loaded.push(bad.view()); }, {"snippet 15"});
  stream.finish();
  loaded.load(stream.save());
  EXPECT_TRUE(loaded.finished());
}

TEST(SavedStream, RefusesOtherModelsSettingsAndAlarms) {
  const Features features(20, 3);
  StreamingLocalizer stream = alarmed();
  stream.push(features.view());
  const std::string state = stream.save();
  const auto refused = [&](StreamingLocalizer other, const std::string& part) {
    testing::expect_error([&] { other.load(state); }, ErrorCode::kInvalidState, {part});
  };
  refused(alarmed("other_weights.pt"), "another model");
  refused(alarmed("other_shape.pt"), "another model");
  refused(alarmed("other_classes.pt"), "classes");
  refused(StreamingLocalizer(Model::load(bundle("model.pt"))), "alarm");
  PostprocessConfig config = stream.config();
  config.nms_iou = 0.3;
  refused(StreamingLocalizer(stream.model(), config, kAlarmed), "settings");
}

TEST(SavedStream, RefusesDamageAndStaysAsItWas) {
  const Features features(40, 4);
  StreamingLocalizer stream = alarmed(), other = alarmed();
  stream.push(features.view(0, 20));
  other.push(features.view(0, 20));
  const std::string state = stream.save();
  for (std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{40}, state.size() - 1}) {
    testing::expect_error([&] { other.load(state.substr(0, size)); }, ErrorCode::kInvalidState,
                          {"state"});
  }
  for (std::size_t i = 0; i < state.size(); i += state.size() / 97) {
    std::string damaged = state;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    testing::expect_error([&] { other.load(damaged); }, ErrorCode::kInvalidState, {"state"});
  }
  testing::expect_same(other.push(features.view(20, 20)), stream.push(features.view(20, 20)));
  testing::expect_same(other.finish(), stream.finish());
}

}  // namespace
}  // namespace basnet_rt
