// Streams of the CUDA backend, run by the stand-ins, must give every slot the finals of a
// StreamPostprocessor of its own, to the last bit and in its order: however the input is cut, which
// streams share a step, in whatever order threads, teams and lanes run.

#include "stream_pair.h"

namespace basnet_rt {
namespace {

using cuda::Order;
using testing::append;
using testing::expect_equal;
using testing::kSnippet;
using testing::lane_runner;
using testing::serial_runner;
using testing::standin_slots;
using testing::StandinStreams;
using testing::stream_cases;
using testing::stream_config;
using testing::StreamCase;
using testing::StreamPair;

class StandinStream : public ::testing::TestWithParam<StreamCase> {};

TEST_P(StandinStream, GivesTheFinalsOfTheCpuInAnyOrderAndAnyChunks) {
  unsigned seed = 3;
  // Thousands of pieces a step take their time.
  const int steps = GetParam().config.max_duration < kSnippet ? 30 : 120;
  for (const Order order : {Order::kForward, Order::kBackward, Order::kScattered}) {
    StandinStreams streams = standin_slots(GetParam().config, serial_runner(order), 7);
    StreamPair pair(GetParam().config, streams, 7, seed++);
    for (int n = 0; n < steps && !HasFatalFailure() && !HasNonfatalFailure(); ++n) {
      SCOPED_TRACE("step " + std::to_string(n));
      pair.step();
      if (n % 20 == 7) pair.expect_same_pending();
      if (n % 20 == 15) pair.exchange();
    }
    EXPECT_GT(pair.found(), 150u);  // else the comparison says nothing
  }
}

INSTANTIATE_TEST_SUITE_P(Configs, StandinStream, ::testing::ValuesIn(stream_cases()),
                         [](const auto& info) { return info.param.name; });

class LaneStream : public ::testing::TestWithParam<StreamCase> {};

TEST_P(LaneStream, GivesTheFinalsOfTheCpuWhateverRunsSideBySide) {
  StandinStreams streams = standin_slots(GetParam().config, lane_runner(3), 4);
  StreamPair pair(GetParam().config, streams, 4, 11);
  for (int n = 0; n < 10; ++n) pair.step();
  pair.expect_same_pending();
  EXPECT_GT(pair.found(), 5u);
}

std::vector<StreamCase> lane_cases() {
  std::vector<StreamCase> found;
  for (const StreamCase& one : stream_cases()) {
    for (const char* name : {"cut_and_merged", "gated_best", "linear", "all_kept"}) {
      if (one.name == name) found.push_back(one);
    }
  }
  return found;
}

INSTANTIATE_TEST_SUITE_P(Configs, LaneStream, ::testing::ValuesIn(lane_cases()),
                         [](const auto& info) { return info.param.name; });

TEST(StandinStreamSizes, TooLittleMemoryIsAskedForAndNothingIsLost) {
  StandinStreams streams =
      standin_slots(stream_config(), serial_runner(Order::kScattered), 5, {1, 1, 64});
  StreamPair pair(stream_config(), streams, 5, 21);
  for (int n = 0; n < 80; ++n) pair.step();
  EXPECT_GT(streams.tries(), 82);  // one root and one detection cannot be enough
  EXPECT_GT(pair.found(), 60u);
}

// Live cameras: each has one new snippet at a time, and there are very many of them. Every fourth
// has nothing new in a step; all end in one.
TEST(StandinStreamSizes, TenThousandStreamsOfASnippetEach) {
  constexpr std::int64_t kStreams = 10000;
  constexpr std::int64_t kSnippets = 24;
  PostprocessConfig config = stream_config();
  config.max_duration = 5.0 * kSnippet;
  StandinStreams streams({config, 1, kSnippet, kStreams, 1}, serial_runner(Order::kForward));
  const testing::Video video = testing::random_video(kStreams + kSnippets, 1, 5);
  std::vector<StreamDetections> found(kStreams);
  for (std::int64_t n = 0; n <= kSnippets; ++n) {
    std::vector<StreamTurn> turns;
    testing::StandinRows rows;
    for (std::int64_t s = 0; s < kStreams; ++s) {
      StreamTurn turn;
      turn.slot = s;
      turn.first_row = static_cast<std::int64_t>(rows.activations.size());
      turn.num_rows = n < kSnippets && (n + s) % 4 != 0 ? 1 : 0;
      if (turn.num_rows > 0) rows.activations.push_back(video.cas[static_cast<std::size_t>(s + n)]);
      turn.mark = n < kSnippets ? StreamMark::kNone : StreamMark::kFinish;
      turns.push_back(turn);
    }
    const auto results = streams.step(turns, rows);
    for (std::size_t s = 0; s < results.size(); ++s) append(found[s], results[s].finals);
  }
  std::size_t num_found = 0;
  for (std::int64_t s = 0; s < kStreams; s += 7) {
    SCOPED_TRACE("slot " + std::to_string(s));
    StreamPostprocessor post(config, 1, kSnippet);
    StreamDetections want;
    for (std::int64_t n = 0; n < kSnippets; ++n) {
      if ((n + s) % 4 != 0)
        append(want, post.push({&video.cas[static_cast<std::size_t>(s + n)], 1, 1, 1}));
    }
    append(want, post.finish());
    expect_equal(found[static_cast<std::size_t>(s)], want);
    num_found += want.size();
  }
  EXPECT_GT(num_found, 1000u);
}

// A day of one stream: indices leave the range of the rings many times over, and nothing drifts.
TEST(StandinStreamSizes, ALongStreamGoesRoundItsRings) {
  PostprocessConfig config = stream_config();
  config.normalisation = Normalisation::kHorizon;
  config.horizon = 9.0 * kSnippet;
  StandinStreams streams({config, 1, kSnippet, 2, 7}, serial_runner(Order::kBackward));
  StreamPostprocessor post(config, 1, kSnippet);
  const testing::Video video = testing::random_video(6000, 1, 8);
  std::size_t num_found = 0;
  for (std::int64_t at = 0; at < 6000; at += 6) {
    StreamTurn turn;
    turn.slot = 1;
    turn.num_rows = 6;
    const float* from = video.cas.data() + at;
    const auto got = streams.step({turn}, testing::StandinRows{{from, from + 6}, {}});
    const auto want = post.push({from, 6, 1, 1});
    expect_equal(got[0].finals, want);
    num_found += want.size();
  }
  EXPECT_GT(num_found, 300u);
}

}  // namespace
}  // namespace basnet_rt
