#pragma once

// Turns the snippets of a stream into finals, for ranges and gates that need no later snippets.

#include <cstdint>
#include <optional>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/stream.h"
#include "cpu/gate.h"
#include "cpu/normalise.h"
#include "cpu/ranking.h"
#include "cpu/root.h"
#include "formulas/intervals.h"
#include "saved/stream_layout.h"

namespace basnet_rt::cpu {

/// A final with the snippet that decided it.
struct DecidedDetection {
  RankedDetection detection;
  std::int64_t decided = 0;
};

/// Settings of a stream; they stay the same while it runs.
struct StreamSettings {
  PostprocessConfig config;
  std::int64_t num_classes = 0;
  double snippet_seconds = 0.0;
  RootSettings roots;
  std::int64_t horizon = 1;  // snippets

  StreamSettings(const PostprocessConfig& config, std::int64_t num_classes, double snippet_seconds);
};

/// Facts about the whole video: ranges for normalisation kVideo, scores for gate kVideo.
struct WholeVideo {
  std::vector<Extremes> extremes;
  std::vector<double> scores;
};

/// One stream. Every member function leaves it between two snippets; `settings` must outlive it.
class StreamMachine {
 public:
  /// @param whole  needed if normalisation or gate is kVideo, else ignored.
  explicit StreamMachine(const StreamSettings& settings, const WholeVideo* whole = nullptr);

  /// Processes one snippet. Only gate kHorizon uses `raw_row` (C+1).
  void push(const float* row, const float* raw_row, std::vector<DecidedDetection>& finals);

  /// Closes open roots at `end_seconds`, or half a snippet after the last centre if it is absent.
  void close(std::optional<double> end_seconds, std::vector<DecidedDetection>& finals);

  /// Continues `snippets` later, as if a new video began there.
  void skip(std::int64_t snippets);

  /// The finals that `close` would add now.
  std::vector<DecidedDetection> pending(std::optional<double> end_seconds) const;

  std::int64_t num_snippets() const { return state_.next; }
  std::int64_t buffered_snippets() const { return state_.next - state_.base; }

  /// Whether a loaded state is safe to continue: all indices and sizes are valid. Other values are
  /// not checked.
  bool consistent() const;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(state_);
  }

 private:
  double normalised(std::size_t label, float x);
  void found_root(std::size_t label, const Interval& root);
  std::optional<double> video_term(std::size_t label, const Interval& root);
  void settle(std::size_t label, std::vector<DecidedDetection>& finals);
  void solve(std::size_t label, const saved::WaitingRoot& waiting,
             std::vector<DecidedDetection>& finals);
  void trim();
  std::int64_t first_needed() const;

  const StreamSettings* settings_;
  std::vector<formulas::Range> ranges_;  // normalisations kFixed and kVideo
  std::vector<double> scores_;           // gate kVideo
  std::vector<char> passes_;
  HorizonScores horizon_scores_;
  saved::StreamState state_;
  RootSolver solver_;
};

}  // namespace basnet_rt::cpu
