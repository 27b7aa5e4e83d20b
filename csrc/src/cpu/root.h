#pragma once

// One root at a time: the proposals inside it, their scores, and NMS among them.
//
// Proposals of one class form a laminar family (nested or disjoint), and each lies inside one root.
// So with true IoU, nothing outside a root can change its detections. Everything here is computed
// from the root's own window of activations, so a stream and the whole video agree bit for bit.

#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/types.h"
#include "formulas/intervals.h"
#include "formulas/position.h"
#include "formulas/root_window.h"

namespace basnet_rt::cpu {

/// The settings of PostprocessConfig in the form that the root functions use.
struct RootSettings : RootLimits {
  std::vector<double> thresholds;
  double nms_iou = 1.0;
  NmsKind nms = NmsKind::kHard;
  double soft_sigma = 0.0;
  double soft_min_score = 0.0;
};

RootSettings root_settings(const PostprocessConfig& config, double snippet_seconds);

/// A proposal inside a root. Levels are stored one after the other, each ordered by start;
/// `parent` is the containing interval of the level below, -1 at the lowest.
struct Candidate {
  Segment segment;  // seconds
  double score = 0.0;
  int threshold_index = 0;
  int parent = -1;
  int first_child = 0;  // children are [first_child, first_child + num_children)
  int num_children = 0;
};

/// A candidate that NMS kept: its index and its (perhaps decayed) score.
struct KeptCandidate {
  int candidate = 0;
  double score = 0.0;
};

/// Solves roots one by one; keeps its buffers between calls. One per thread.
class RootSolver {
 public:
  /// Fills `candidates()` with the proposals of `root`.
  ///
  /// @param row  activations from lookbehind before the root to lookahead after it, or up to the
  ///             section's ends if these come first.
  /// @param video_term  score_weight * video score of the class; 0 without a gate.
  void propose(const Interval& root, const ClassRow& row, const Section& section,
               const RootSettings& settings, double video_term);

  /// Runs NMS over `candidates()`; `kept()` is ordered best first.
  void select(const RootSettings& settings);

  const std::vector<Candidate>& candidates() const { return candidates_; }
  const std::vector<KeptCandidate>& kept() const { return kept_; }

 private:
  void build_integral(const Interval& root, const Window& window, const ClassRow& row);
  void find_levels(const Interval& root, const ClassRow& row, const Section& section,
                   const RootSettings& settings, const Frame& frame);
  void add_interval(std::size_t level, Span span, const Frame& frame, double merge_gap);
  void add_candidates(std::size_t level, const Frame& frame, const RootSettings& settings);
  void link_level(std::size_t level_begin, std::size_t below_begin);
  void select_hard(const RootSettings& settings);
  void select_soft(const RootSettings& settings);
  void order_candidates();

  std::vector<double> values_;  // activations of the root's window
  std::vector<double> sums_;
  Integral integral_;                      // over the two
  std::vector<std::vector<Span>> levels_;  // intervals of each threshold, not yet clipped
  std::vector<double> open_;               // start of the open interval of each threshold
  std::vector<Span> spans_;                // one per candidate
  std::vector<Candidate> candidates_;
  std::vector<int> order_;
  std::vector<char> dropped_;
  std::vector<double> decayed_;
  std::vector<KeptCandidate> kept_;
};

}  // namespace basnet_rt::cpu
