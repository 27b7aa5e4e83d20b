#pragma once

// Slots of the stand-in beside StreamPostprocessors with the same input: settings to try, and what
// drives both and compares.

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../support.h"
#include "basnet_rt/stream.h"
#include "stream_standin.h"

namespace basnet_rt::testing {

inline constexpr std::int64_t kClasses = 3;
inline constexpr double kSnippet = 0.64;
inline constexpr std::int64_t kMaxRows = 40;

struct StreamCase {
  std::string name;
  PostprocessConfig config;
};

std::ostream& operator<<(std::ostream& out, const StreamCase& one);

std::vector<StreamCase> stream_cases();
PostprocessConfig stream_config();  ///< of the first case

void append(StreamDetections& to, const StreamDetections& found);
void expect_equal(const StreamDetections& got, const StreamDetections& want);
void expect_pending(const StreamDetections& got, const Detections& want);

/// Slots of the stand-in for a StreamPair.
inline StandinStreams standin_slots(const PostprocessConfig& config, StepRunner runner,
                                    std::int64_t num_streams, const CudaStreamLimits& limits = {}) {
  return {{config, kClasses, kSnippet, num_streams, kMaxRows}, std::move(runner), limits};
}

// One stream's input, and its twin on the CPU.
struct Twin {
  explicit Twin(const PostprocessConfig& config, unsigned seed)
      : video(random_video(700, kClasses, seed)),
        raw(random_video(700, kClasses + 1, seed + 1000)),
        post(config, kClasses, kSnippet) {}

  CasView rows(std::int64_t count) const {
    return {video.cas.data() + at * kClasses, count, kClasses, kClasses};
  }
  CasView raw_rows(std::int64_t count) const {
    return {raw.cas.data() + at * (kClasses + 1), count, kClasses + 1, kClasses + 1};
  }
  std::int64_t left() const { return 700 - at; }

  Video video;
  Video raw;
  StreamPostprocessor post;
  std::int64_t at = 0;
};

// Drives slots and their twins alike, and compares after every step.
class StreamPair {
 public:
  /// @param streams  made for `config`, kClasses and kSnippet, with `num_streams` slots.
  StreamPair(const PostprocessConfig& config, StreamBackend& streams, std::size_t num_streams,
             unsigned seed)
      : config_(config), random_(seed), streams_(streams) {
    for (unsigned s = 0; s < num_streams; ++s) twins_.emplace_back(config, seed * 100 + s);
  }

  /// Some streams push, some of them with a mark; of the others nothing is said.
  void step() {
    std::vector<StreamTurn> turns;
    std::vector<StreamDetections> wanted;
    StandinRows rows;
    for (std::size_t s = twins_.size(); s-- > 0;) {
      if (random_() % 4 == 0) continue;
      turns.push_back(next_turn(s, rows));
      wanted.push_back(expected(turns.back()));
    }
    const auto results = streams_.step(turns, rows.view(kClasses));
    ASSERT_EQ(results.size(), turns.size());
    for (std::size_t i = 0; i < results.size(); ++i) {
      SCOPED_TRACE("slot " + std::to_string(turns[i].slot));
      ASSERT_FALSE(results[i].error) << results[i].error->what();
      expect_equal(results[i].finals, wanted[i]);
      found_ += wanted[i].size();
      EXPECT_EQ(results[i].num_snippets,
                twins_[static_cast<std::size_t>(turns[i].slot)].post.num_snippets());
    }
  }

  /// All at once, twice: asking changes nothing.
  void expect_same_pending() {
    std::vector<StreamTurn> turns;
    for (std::size_t s = 0; s < twins_.size(); ++s) {
      StreamTurn turn;
      turn.slot = static_cast<std::int64_t>(s);
      turn.mark = StreamMark::kPending;
      turns.push_back(turn);
    }
    for (int twice = 0; twice < 2; ++twice) {
      const auto results = streams_.step(turns, StreamRows{});
      for (std::size_t s = 0; s < twins_.size(); ++s) {
        SCOPED_TRACE("pending of slot " + std::to_string(s));
        expect_pending(results[s].finals, twins_[s].post.pending());
      }
    }
  }

  /// Slots and twins go on from each other's saved bytes.
  void exchange() {
    for (std::size_t s = 0; s < twins_.size(); ++s) {
      SCOPED_TRACE("saved slot " + std::to_string(s));
      const std::string of_cpu = twins_[s].post.save();
      const auto slot = static_cast<std::int64_t>(s);
      const bool finished = twins_[s].post.finished();
      twins_[s].post = StreamPostprocessor::load(streams_.save(slot));
      EXPECT_EQ(twins_[s].post.finished(), finished);
      streams_.load(slot, of_cpu);
    }
  }

  std::size_t found() const { return found_; }

 private:
  StreamTurn next_turn(std::size_t s, StandinRows& rows) {
    Twin& twin = twins_[s];
    StreamTurn turn;
    turn.slot = static_cast<std::int64_t>(s);
    const bool given_up = random_() % 25 == 0;  // with whatever is open in its slot
    if (twin.post.finished() || twin.left() == 0 || given_up) {
      twin = Twin(config_, static_cast<unsigned>(random_()));
      turn.fresh = true;
    }
    // Mostly a snippet or none, as live streams have them; at times many.
    const std::int64_t most = random_() % 3 == 0 ? kMaxRows : 2;
    turn.num_rows = std::min(twin.left(), static_cast<std::int64_t>(random_()) % (most + 1));
    turn.first_row = static_cast<std::int64_t>(rows.activations.size()) / kClasses;
    const float* from = twin.rows(0).data;
    rows.activations.insert(rows.activations.end(), from, from + turn.num_rows * kClasses);
    const float* raw = twin.raw_rows(0).data;
    rows.raw_cas.insert(rows.raw_cas.end(), raw, raw + turn.num_rows * (kClasses + 1));
    set_mark(turn, twin);
    return turn;
  }

  void set_mark(StreamTurn& turn, const Twin& twin) {
    const auto chance = random_() % 40;
    if (chance == 0) {
      turn.mark = StreamMark::kGap;
      turn.gap = 1 + static_cast<std::int64_t>(random_() % 1000);
    } else if (chance == 1) {
      turn.mark = StreamMark::kFinish;
    } else if (chance == 2) {
      turn.mark = StreamMark::kFinish;
      const std::int64_t snippets = twin.post.num_snippets() + turn.num_rows;
      turn.duration =
          (static_cast<double>(snippets) + 0.3 * static_cast<double>(random_() % 9)) * kSnippet;
    }
  }

  StreamDetections expected(const StreamTurn& turn) {
    Twin& twin = twins_[static_cast<std::size_t>(turn.slot)];
    StreamDetections finals;
    append(finals, twin.post.push(twin.rows(turn.num_rows), twin.raw_rows(turn.num_rows)));
    twin.at += turn.num_rows;
    if (turn.mark == StreamMark::kGap) append(finals, twin.post.gap(turn.gap));
    if (turn.mark == StreamMark::kFinish) append(finals, twin.post.finish(turn.duration));
    return finals;
  }

  PostprocessConfig config_;
  std::mt19937 random_;
  std::vector<Twin> twins_;
  StreamBackend& streams_;
  std::size_t found_ = 0;
};

}  // namespace basnet_rt::testing
