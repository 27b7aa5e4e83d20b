// What streams of the CUDA backend refuse: settings, turns, values. A slot whose turn is refused
// stays as it was, and the others of the step go on.

#include <limits>
#include <string>

#include "stream_pair.h"

namespace basnet_rt {
namespace {

using cuda::Order;
using testing::expect_equal;
using testing::expect_error;
using testing::expect_invalid;
using testing::random_video;
using testing::serial_runner;
using testing::StandinRows;
using testing::StandinStreams;
using testing::stream_config;

constexpr std::int64_t kClasses = 2;
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 8;

StandinStreams streams_of(const PostprocessConfig& config) {
  return {{config, kClasses, 1.0, 3, 8}, serial_runner(Order::kForward)};
}

StreamTurn turn_of(std::int64_t slot, std::int64_t first_row, std::int64_t num_rows) {
  StreamTurn turn;
  turn.slot = slot;
  turn.first_row = first_row;
  turn.num_rows = num_rows;
  return turn;
}

StreamTurn marked(std::int64_t slot, StreamMark mark, std::int64_t gap = 0) {
  StreamTurn turn = turn_of(slot, 0, 0);
  turn.mark = mark;
  turn.gap = gap;
  return turn;
}

StandinRows random_rows(std::int64_t count, unsigned seed) {
  return {random_video(count, kClasses, seed).cas, random_video(count, kClasses + 1, seed + 1).cas};
}

template <class Change>
void expect_refused(const Change& change, const std::vector<std::string>& parts) {
  PostprocessConfig config = stream_config();
  change(config);
  expect_invalid([&] { streams_of(config); }, parts);
}

TEST(StreamErrors, SettingsThatNeedTheWholeVideo) {
  using C = PostprocessConfig;
  expect_refused([](C& c) { c.max_duration = kUnlimited; }, {"max_duration", "None"});
  expect_refused([](C& c) { c.normalisation = Normalisation::kVideo; }, {"normalisation", "video"});
  expect_refused([](C& c) { c.gate = Gate::kVideo; }, {"gate", "video"});
  expect_refused([](C& c) { c = C{}, c.mode = Mode::kPublished; }, {"mode", "published"});
  expect_refused([](C& c) { c.max_duration = 1e-4; }, {"max_duration", "0.0001"});
  expect_refused([](C& c) { c.max_duration = 1e12; }, {"max_duration", "1e+12"});
  expect_refused([](C& c) { c.fixed_lo = {0.0, 0.1, 0.2}; }, {"fixed_lo", "3"});
}

TEST(StreamErrors, SizesThatNoDeviceHas) {
  const auto make = [](std::int64_t streams, std::int64_t rows) {
    StandinStreams({stream_config(), kClasses, 1.0, streams, rows}, serial_runner(Order::kForward));
  };
  expect_invalid([&] { make(0, 1); }, {"max_streams is 0"});
  expect_invalid([&] { make(1, 0); }, {"max_rows is 0"});
  expect_error([&] { make(1 << 30, 1 << 20); }, ErrorCode::kUnavailable, {"max_streams", "bytes"});
}

TEST(StreamErrors, TurnsThatCannotBe) {
  StandinStreams streams = streams_of(stream_config());
  const StandinRows rows = random_rows(8, 1);
  const auto expect_bad = [&](StreamTurn bad, const std::vector<std::string>& parts) {
    expect_invalid([&] { streams.step({turn_of(1, 0, 1), bad}, rows); }, parts);
  };
  expect_bad(turn_of(3, 0, 1), {"turns[1]", "slot is 3", "0 to 2"});
  expect_bad(turn_of(-1, 0, 1), {"slot is -1"});
  expect_bad(turn_of(1, 1, 1), {"turns[1]", "slot is 1", "already"});
  expect_bad(turn_of(0, 0, 9), {"num_rows is 9", "0 to 8"});
  expect_bad(turn_of(0, -1, 1), {"first_row is -1"});
  expect_bad(marked(0, StreamMark::kGap), {"gap is 0"});
  expect_bad(marked(0, static_cast<StreamMark>(9)), {"mark is number 9"});
  StreamTurn asks = marked(0, StreamMark::kPending);
  asks.num_rows = 1;
  expect_bad(asks, {"num_rows is 1", "0 to 0"});
  StreamTurn lasts = turn_of(0, 0, 1);
  lasts.duration = 4.0;
  expect_bad(lasts, {"duration"});
  lasts.mark = StreamMark::kFinish;
  lasts.duration = -1.0;
  expect_bad(lasts, {"duration is -1"});
  EXPECT_EQ(streams.step({turn_of(1, 0, 1)}, rows)[0].num_snippets, 1);  // not two
}

// The CPU's message, with the slot before it.
TEST(StreamErrors, BadValuesNameSlotSnippetAndClassAndTouchNoOtherSlot) {
  PostprocessConfig config = stream_config();
  config.gate = Gate::kHorizon;
  config.horizon = 5.0;
  StandinStreams streams = streams_of(config);
  StreamPostprocessor twin(config, kClasses, 1.0);
  StandinRows rows = random_rows(8, 3);
  const CasView view{rows.activations.data(), 4, kClasses, kClasses};
  const CasView raw{rows.raw_cas.data(), 4, kClasses + 1, kClasses + 1};
  streams.step({turn_of(0, 0, 4), turn_of(2, 0, 4)}, rows);
  expect_equal({}, twin.push(view, raw));

  rows.activations[5 * 2 + 1] = -std::numeric_limits<float>::infinity();
  rows.activations[6 * 2] = std::numeric_limits<float>::quiet_NaN();
  rows.raw_cas[2 * 3 + 2] = std::numeric_limits<float>::infinity();
  const auto results = streams.step({turn_of(2, 4, 4), turn_of(1, 0, 4), turn_of(0, 4, 1)}, rows);
  ASSERT_TRUE(results[0].error && results[1].error);
  EXPECT_EQ(results[0].error->code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(results[0].error->what(),
            std::string("slot 2: activations[5, 1] is -inf; activations must be finite"));
  EXPECT_EQ(results[1].error->what(),
            std::string("slot 1: cas[2, 2] is inf; activations must be finite"));
  EXPECT_EQ(results[0].num_snippets, 4);
  EXPECT_EQ(results[1].num_snippets, 0);
  EXPECT_FALSE(results[2].error);

  // Slot 2 goes on as if the refused turn had not been.
  const StandinRows more = random_rows(8, 9);
  StreamTurn last = turn_of(2, 0, 8);
  last.mark = StreamMark::kFinish;
  const auto got = streams.step({last}, more);
  StreamDetections want = twin.push({more.activations.data(), 8, kClasses, kClasses},
                                    {more.raw_cas.data(), 8, kClasses + 1, kClasses + 1});
  testing::append(want, twin.finish());
  EXPECT_GT(want.size(), 0u);
  expect_equal(got[0].finals, want);
}

TEST(StreamErrors, WhatASlotCannotTake) {
  StandinStreams streams = streams_of(stream_config());
  const StandinRows rows = random_rows(8, 1);
  const auto error_of = [&](const StreamTurn& turn) {
    const auto results = streams.step({turn}, rows);
    return results[0].error ? std::string(results[0].error->what()) : std::string();
  };
  EXPECT_NE(error_of(turn_of(0, 5, 4)).find("4 rows from beyond the end"), std::string::npos);
  StreamTurn ends = turn_of(0, 0, 6);
  ends.mark = StreamMark::kFinish;
  ends.duration = 5.4;  // the sixth snippet's centre is at 5.5
  EXPECT_NE(error_of(ends).find("duration"), std::string::npos);
  EXPECT_EQ(error_of(marked(0, StreamMark::kGap, kMost)), "");
  EXPECT_NE(error_of(marked(0, StreamMark::kGap, 1)).find("the gap is too long"),
            std::string::npos);
  EXPECT_EQ(error_of(marked(0, StreamMark::kFinish)), "");
  EXPECT_NE(error_of(turn_of(0, 0, 1)).find("slot 0: push after finish"), std::string::npos);
  EXPECT_EQ(error_of(marked(0, StreamMark::kPending)), "");
  StreamTurn fresh = turn_of(0, 0, 1);
  fresh.fresh = true;
  EXPECT_EQ(error_of(fresh), "");
}

TEST(StreamErrors, RowsThatTheSettingsAskFor) {
  PostprocessConfig config = stream_config();
  config.gate = Gate::kHorizon;
  config.horizon = 5.0;
  const cuda::StreamPlan plan({config, kClasses, 1.0, 3, 8});
  const float value = 0.0f;
  expect_invalid([&] { cuda::check_rows({nullptr, 2, &value, 1}, plan); }, {"activations is null"});
  expect_invalid([&] { cuda::check_rows({&value, 1, &value, 1}, plan); }, {"row_stride is 1"});
  expect_invalid([&] { cuda::check_rows({&value, 2, nullptr, 1}, plan); }, {"cas is None"});
  EXPECT_NO_THROW(cuda::check_rows({}, plan));
}

TEST(StreamErrors, BytesOfOtherSettingsOrNone) {
  StandinStreams streams = streams_of(stream_config());
  PostprocessConfig other = stream_config();
  other.nms_iou = 0.55;
  const std::string bytes = StreamPostprocessor(other, kClasses, 1.0).save();
  expect_invalid([&] { streams.load(0, bytes); }, {"another config"});
  expect_error([&] { streams.load(0, "BRTS"); }, ErrorCode::kInvalidState, {"truncated"});
  std::string damaged = streams.save(0);
  damaged.back() = static_cast<char>(damaged.back() + 1);
  expect_error([&] { streams.load(0, damaged); }, ErrorCode::kInvalidState, {"damaged"});
}

}  // namespace
}  // namespace basnet_rt
