// NetworkLocalizer over a network of arithmetic: what of it does not depend on a bundle. Out of
// scope: that activations are right, which the tests of component torch and of Python say.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "basnet_rt/network_localizer.h"
#include "support.h"

namespace basnet_rt {
namespace {

using testing::expect_error;
using testing::expect_invalid;
using testing::Video;

constexpr std::int64_t kColumns = 3;  // classes, and as many features

/// Activations are the features, two snippets late; the CAS has a background of zeros.
class TwoLate : public StreamNetwork {
 public:
  StreamActivations push(const FeatureView& features) override {
    if (fail_next) throw std::runtime_error("no luck");
    before_ = kept_;
    kept_.insert(kept_.end(), features.data,
                 features.data + features.num_snippets * features.feature_dim);
    const auto late = static_cast<std::size_t>(2 * kColumns);
    return take(kept_.size() > late ? kept_.size() - late : 0);
  }

  StreamActivations flush() override {
    if (fail_next) throw std::runtime_error("no luck");
    before_ = kept_;
    return take(kept_.size());
  }

  void undo() override {
    ++undone;
    kept_ = before_;
  }
  void reset() override { kept_.clear(); }

  std::string save() const override {
    return {reinterpret_cast<const char*>(kept_.data()), kept_.size() * sizeof(float)};
  }

  void load(std::string_view bytes) override {
    if (fail_next) throw Error(ErrorCode::kInvalidState, "not my state");
    kept_.resize(bytes.size() / sizeof(float));
    if (!kept_.empty()) std::memcpy(kept_.data(), bytes.data(), bytes.size());
  }

  bool fail_next = false;
  bool spoil_next = false;  // NaN among the activations
  bool shorten_next = false;
  int undone = 0;

 private:
  StreamActivations take(std::size_t size) {
    const auto end = kept_.begin() + static_cast<std::ptrdiff_t>(size);
    StreamActivations certain{static_cast<std::int64_t>(size) / kColumns, {kept_.begin(), end}, {}};
    for (std::size_t i = 0; i < size; i += kColumns) {
      certain.cas.insert(certain.cas.end(), kept_.begin() + static_cast<std::ptrdiff_t>(i),
                         kept_.begin() + static_cast<std::ptrdiff_t>(i + kColumns));
      certain.cas.push_back(0.0f);
    }
    if (spoil_next) certain.activations[0] = std::numeric_limits<float>::quiet_NaN();
    if (shorten_next) certain.activations.pop_back();
    kept_.erase(kept_.begin(), end);
    return certain;
  }

  std::vector<float> kept_, before_;
};

PostprocessConfig config_of(Gate gate) {
  PostprocessConfig config = testing::plain_config({0.1, 0.3, 0.5});
  config.gate = gate;
  config.horizon = 6.0;
  config.class_threshold = 0.1;
  config.max_duration = 15.0;
  return config;
}

const StreamingOptions kAlarmed{AlarmConfig{{0.4}, 1.0}, false};
const std::vector<std::string> kNames = {"Jump", "Run", "Swim"};

struct Made {
  std::shared_ptr<TwoLate> network = std::make_shared<TwoLate>();
  NetworkLocalizer stream;

  explicit Made(Gate gate = Gate::kNone, const StreamingOptions& options = kAlarmed,
                std::vector<std::string> classes = kNames)
      : stream(network, {std::move(classes), kColumns, 0.5, "made"}, config_of(gate), options) {}
};

FeatureView part(const Video& video, std::int64_t first, std::int64_t count) {
  return {video.cas.data() + first * kColumns, count, kColumns};
}

void append(StreamDetections& to, const StreamDetections& more) {
  to.labels.insert(to.labels.end(), more.labels.begin(), more.labels.end());
  to.scores.insert(to.scores.end(), more.scores.begin(), more.scores.end());
  to.segments.insert(to.segments.end(), more.segments.begin(), more.segments.end());
  to.decided.insert(to.decided.end(), more.decided.begin(), more.decided.end());
}

void expect_same(const StreamDetections& a, const StreamDetections& b) {
  ASSERT_GT(a.size(), 0u);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.scores, b.scores);
  EXPECT_EQ(a.decided, b.decided);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a.segments[i].start, b.segments[i].start);
    EXPECT_EQ(a.segments[i].end, b.segments[i].end);
  }
}

/// What the post-processor alone says of the same activations, with a gap of 4 at snippet 40.
StreamDetections without_network(const Video& video, Gate gate) {
  StreamPostprocessor post(config_of(gate), kColumns, 0.5);
  std::vector<float> raw;
  for (std::size_t i = 0; i < video.cas.size(); i += kColumns) {
    raw.insert(raw.end(), video.cas.begin() + static_cast<std::ptrdiff_t>(i),
               video.cas.begin() + static_cast<std::ptrdiff_t>(i + kColumns));
    raw.push_back(0.0f);
  }
  const auto rows = [&](std::int64_t first, std::int64_t count) {
    return post.push({video.cas.data() + first * kColumns, count, kColumns, kColumns},
                     {raw.data() + first * (kColumns + 1), count, kColumns + 1, kColumns + 1});
  };
  StreamDetections found = rows(0, 40);
  append(found, post.gap(4));
  append(found, rows(40, 50));
  append(found, post.finish());
  return found;
}

TEST(NetworkLocalizer, EqualsThePostProcessorUnderEveryGateAndCut) {
  const Video video = testing::random_video(90, kColumns, 1);
  for (const Gate gate : {Gate::kNone, Gate::kHorizon, Gate::kVideo}) {
    const StreamDetections expected = without_network(video, gate);
    for (const std::int64_t chunk : {1, 3, 40}) {
      Made made(gate);
      StreamDetections found;
      for (std::int64_t at = 0; at < 90;) {
        const std::int64_t size = std::min(chunk, (at < 40 ? 40 : 90) - at);
        append(found, made.stream.push(part(video, at, size)));
        at += size;
        if (at == 40) append(found, made.stream.gap(4));
      }
      append(found, made.stream.finish());
      expect_same(found, expected);
      EXPECT_EQ(made.stream.num_snippets(), 94);
      EXPECT_EQ(made.stream.statistics().snippets_in, 90);
    }
  }
}

/// `call` throws, and the stream is as it was.
template <class Call>
void expect_refused(Made& made, const Call& call) {
  const std::string before = made.stream.save();
  EXPECT_ANY_THROW(call());
  EXPECT_EQ(made.stream.save(), before);
}

TEST(NetworkLocalizer, ACallThatThrowsLeavesTheStreamAsItWas) {
  const Video video = testing::random_video(60, kColumns, 2);
  Made made, undisturbed;
  StreamDetections found, expected;
  for (std::int64_t at = 0; at < 60; at += 20) {
    const auto push = [&] { made.stream.push(part(video, at, 5)); };
    made.network->fail_next = true;
    expect_refused(made, push);
    if (at > 0) expect_refused(made, [&] { made.stream.gap(1); });
    made.network->fail_next = false;
    made.network->spoil_next = true;
    expect_refused(made, push);
    if (at > 0) expect_refused(made, [&] { made.stream.finish(); });
    made.network->spoil_next = false;
    made.network->shorten_next = true;
    expect_refused(made, push);
    made.network->shorten_next = false;
    expect_refused(made, [&] { made.stream.gap(0); });
    expect_refused(made, [&] { made.stream.finish(-1.0); });
    append(found, made.stream.push(part(video, at, 20)));
    append(expected, undisturbed.stream.push(part(video, at, 20)));
  }
  EXPECT_GT(made.network->undone, 6);
  append(found, made.stream.finish());
  append(expected, undisturbed.stream.finish());
  expect_same(found, expected);
  EXPECT_EQ(made.stream.onsets().size(), undisturbed.stream.onsets().size());
}

TEST(NetworkLocalizer, WhatTheNetworkThrowsArrivesAsItIs) {
  Made made;
  made.network->fail_next = true;
  const Video video = testing::random_video(5, kColumns, 3);
  EXPECT_THROW(made.stream.push(part(video, 0, 5)), std::runtime_error);
}

TEST(NetworkLocalizer, NamesBadFeaturesAndOutputs) {
  Made made;
  const Video video = testing::random_video(20, kColumns, 4);
  made.stream.push(part(video, 0, 10));
  made.stream.gap(5);
  std::vector<float> bad(2 * kColumns, 0.0f);
  bad[4] = -std::numeric_limits<float>::infinity();
  expect_invalid([&] { made.stream.push({bad.data(), 2, kColumns}); },
                 {"snippet 16", "channel 1", "-inf", "finite"});
  expect_error([&] { made.stream.push({bad.data(), 2, 5}); }, ErrorCode::kBundle,
               {"3 channels (made)", "got 5"});
  expect_invalid([&] { made.stream.push({nullptr, 2, kColumns}); }, {"no address"});
  made.network->shorten_next = true;
  expect_error([&] { made.stream.push(part(video, 0, 6)); }, ErrorCode::kInvalidState,
               {"11 values", "(4, 3)"});
  expect_invalid([&] { NetworkLocalizer(nullptr, {kNames, 3, 1.0, ""}, config_of(Gate::kNone)); },
                 {"network is null"});
}

TEST(NetworkLocalizer, ContinuesWhereItWasSavedAtAnySnippet) {
  const Video video = testing::random_video(60, kColumns, 5);
  for (const Gate gate : {Gate::kNone, Gate::kVideo}) {
    Made whole(gate);
    StreamDetections expected, found;
    std::string state = Made(gate).stream.save();
    for (std::int64_t at = 0; at < 60; ++at) {
      append(expected, whole.stream.push(part(video, at, 1)));
      Made next(gate);  // only the bytes are left
      next.stream.load(state);
      append(found, next.stream.push(part(video, at, 1)));
      state = next.stream.save();
    }
    Made last(gate);
    last.stream.load(state);
    append(expected, whole.stream.finish());
    append(found, last.stream.finish());
    expect_same(found, expected);
    EXPECT_EQ(last.stream.statistics().latency_sum, whole.stream.statistics().latency_sum);
    EXPECT_EQ(last.stream.onsets().size(), whole.stream.onsets().size());
    EXPECT_GT(last.stream.statistics().snippets_in, 0);
  }
}

TEST(NetworkLocalizer, RefusesStatesOfOthersAndSaysBothSides) {
  const Video video = testing::random_video(20, kColumns, 6);
  Made made;
  made.stream.push(part(video, 0, 20));
  const std::string state = made.stream.save();
  const auto refused = [&](Made& other, const std::vector<std::string>& parts) {
    const std::string before = other.stream.save();
    expect_error([&] { other.stream.load(state); }, ErrorCode::kInvalidState, parts);
    EXPECT_EQ(other.stream.save(), before);
  };
  Made classes(Gate::kNone, kAlarmed, {"Jump", "Run", "Walk"});
  refused(classes, {"[Jump, Run, Swim]", "[Jump, Run, Walk]"});
  Made silent(Gate::kNone, {});
  refused(silent, {"([0.4], 1)", "none"});
  Made gate(Gate::kHorizon);
  refused(gate, {"other settings"});
  Made failing;
  failing.network->fail_next = true;
  refused(failing, {"not my state"});
  for (std::size_t i = 0; i < state.size(); ++i) {
    std::string damaged = state;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    expect_error([&] { made.stream.load(damaged); }, ErrorCode::kInvalidState, {"state"});
    expect_error([&] { made.stream.load(std::string_view(state).substr(0, i)); },
                 ErrorCode::kInvalidState, {"state"});
  }
}

}  // namespace
}  // namespace basnet_rt
