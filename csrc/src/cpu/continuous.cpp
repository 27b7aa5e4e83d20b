#include "cpu/continuous.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cpu/gate.h"
#include "cpu/normalise.h"
#include "cpu/ranking.h"
#include "cpu/root.h"
#include "formulas/normalisation.h"
#include "formulas/video_section.h"

namespace basnet_rt::cpu {
namespace {

// Solves every root of every class that may emit.
class VideoSolver {
 public:
  VideoSolver(const VideoInput& video, const PostprocessConfig& config)
      : video_(video),
        config_(config),
        settings_(root_settings(config, video.snippet_seconds)),
        section_(whole_section(video.cas.num_snippets, video.snippet_seconds, video.duration)),
        horizon_(horizon_snippets(config.horizon, video.snippet_seconds)) {
    if (config.gate == Gate::kVideo) {
      scores_.assign(video.video_scores, video.video_scores + video.cas.num_classes);
      passes_ = passing_classes(scores_, config);
    }
  }

  /// Calls `solved(label)` with `solver()` holding the proposals of one root.
  template <class Solved>
  void run(Solved&& solved) {
    for (std::int64_t label = 0; label < video_.cas.num_classes; ++label) {
      if (config_.gate == Gate::kVideo && !passes_[static_cast<std::size_t>(label)]) continue;
      find_roots(label);
      for (const Interval& root : roots_) {
        const std::optional<double> term = video_term(label, root);
        if (!term) continue;
        solver_.propose(root, row(), section_, settings_, *term);
        solved(label);
      }
    }
  }

  RootSolver& solver() { return solver_; }
  const RootSettings& settings() const { return settings_; }

 private:
  ClassRow row() const { return {y_.data(), 0, used_snippets(video_.cas.num_snippets, section_)}; }

  void find_roots(std::int64_t label) {
    normalise_class(video_.cas, label, config_, video_.snippet_seconds, y_);
    roots_.clear();
    const auto keep = [this](const Interval& root) { roots_.push_back(root); };
    IntervalScanner scanner(settings_.thresholds[0], settings_.merge_gap, settings_.max_duration,
                            section_.end);
    scanner.begin(0, y_[0], section_.begin(), keep);
    const std::int64_t count = row().count;
    for (std::int64_t t = 1; t < count; ++t) scanner.push(y_[static_cast<std::size_t>(t)], keep);
    scanner.finish(section_.end, keep);
  }

  // score_weight * video score; absent if the gate rejects the root.
  std::optional<double> video_term(std::int64_t label, const Interval& root) {
    switch (config_.gate) {
      case Gate::kNone:
        return 0.0;
      case Gate::kVideo:
        return config_.score_weight * scores_[static_cast<std::size_t>(label)];
      case Gate::kHorizon:
        horizon_.update(video_.raw_cas, 0, last_snippet(root.end, section_), config_);
        if (!horizon_.passes(label)) return std::nullopt;
        return config_.score_weight * horizon_.score(label);
    }
    return std::nullopt;
  }

  const VideoInput& video_;
  const PostprocessConfig& config_;
  RootSettings settings_;
  Section section_;
  HorizonScores horizon_;
  std::vector<double> scores_;
  std::vector<char> passes_;
  std::vector<double> y_;
  std::vector<Interval> roots_;
  RootSolver solver_;
};

}  // namespace

Proposals propose_continuous(const VideoInput& video, const PostprocessConfig& config) {
  VideoSolver video_solver(video, config);
  Proposals found;
  video_solver.run([&](std::int64_t label) {
    for (const Candidate& candidate : video_solver.solver().candidates()) {
      found.threshold_index.push_back(candidate.threshold_index);
      found.labels.push_back(label);
      found.scores.push_back(candidate.score);
      found.segments.push_back(candidate.segment);
    }
  });
  return sorted_by_threshold(found);
}

Detections postprocess_continuous(const VideoInput& video, const PostprocessConfig& config) {
  VideoSolver video_solver(video, config);
  std::vector<RankedDetection> found;
  video_solver.run([&](std::int64_t label) {
    RootSolver& solver = video_solver.solver();
    solver.select(video_solver.settings());
    for (const KeptCandidate& kept : solver.kept()) {
      const Candidate& one = solver.candidates()[static_cast<std::size_t>(kept.candidate)];
      found.push_back({kept.score, one.segment, label, one.threshold_index});
    }
  });
  return ranked(std::move(found));
}

}  // namespace basnet_rt::cpu
