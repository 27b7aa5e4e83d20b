#include "cpu/root.h"

#include "formulas/level_merge.h"

namespace basnet_rt::cpu {

RootSettings root_settings(const PostprocessConfig& config, double snippet_seconds) {
  RootSettings settings;
  static_cast<RootLimits&>(settings) = root_limits(config, snippet_seconds);
  settings.thresholds = config.cas_thresholds;
  settings.nms_iou = config.nms_iou;
  settings.nms = config.nms;
  settings.soft_sigma = config.soft_sigma;
  settings.soft_min_score = config.soft_min_score;
  return settings;
}

void RootSolver::propose(const Interval& root, const ClassRow& row, const Section& section,
                         const RootSettings& settings, double video_term) {
  const Window window = score_window(root, settings, section.first, row.last());
  build_integral(root, window, row);
  const Frame frame(window.first, section, root);
  find_levels(root, row, section, settings, frame);
  levels_[0].assign(1, frame.root);

  candidates_.clear();
  spans_.clear();
  std::size_t below_begin = 0;
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    const std::size_t level_begin = candidates_.size();
    add_candidates(level, frame, settings);
    if (candidates_.size() == level_begin)
      break;  // no interval here, so none at a higher threshold
    if (level > 0) link_level(level_begin, below_begin);
    below_begin = level_begin;
  }
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    candidates_[i].score =
        proposal_score(integral_, spans_[i], frame.section, settings, video_term);
  }
}

void RootSolver::build_integral(const Interval& root, const Window& window, const ClassRow& row) {
  const double* from = row.values + (window.first - row.first);
  values_.assign(from, from + window.count());
  sums_.resize(values_.size());
  integral_ = {values_.data(), sums_.data(), window.count(), pivot_of(root, window)};
  integrate_right(values_.data(), sums_.data(), integral_.pivot, integral_.count);
  integrate_left(values_.data(), sums_.data(), integral_.pivot);
}

// Finds the intervals of all thresholds in one pass: a threshold costs time only where the
// activation crosses it.
void RootSolver::find_levels(const Interval& root, const ClassRow& row, const Section& section,
                             const RootSettings& settings, const Frame& frame) {
  const std::vector<double>& thresholds = settings.thresholds;
  const Window window = proposal_window(root, settings, section.first, row.last());
  levels_.resize(thresholds.size());
  for (auto& level : levels_) level.clear();
  open_.resize(thresholds.size());

  std::size_t active = 0;  // thresholds [0, active) are reached
  double y = row[window.first];
  const double begin =
      window.first == section.first ? frame.section.start : frame.local({window.first, 0.0});
  while (active < thresholds.size() && formulas::is_active(y, thresholds[active])) {
    open_[active++] = begin;
  }
  for (std::int64_t i = window.first + 1; i <= window.last; ++i) {
    const double next = row[i];
    const double base = frame.local({i - 1, 0.0});
    for (; active < thresholds.size() && formulas::is_active(next, thresholds[active]); ++active) {
      open_[active] = base + formulas::crossing(y, next, thresholds[active]);
    }
    while (active > 0 && !formulas::is_active(next, thresholds[active - 1])) {
      --active;
      const double end = base + formulas::crossing(y, next, thresholds[active]);
      add_interval(active, {open_[active], end}, frame, settings.merge_gap);
    }
    y = next;
  }
  const double end = window.last == row.last() && section.ended() ? frame.section.end
                                                                  : frame.local({window.last, 0.0});
  while (active-- > 0) add_interval(active, {open_[active], end}, frame, settings.merge_gap);
}

void RootSolver::add_interval(std::size_t level, Span span, const Frame& frame, double merge_gap) {
  std::vector<Span>& spans = levels_[level];
  Span* last = spans.empty() ? nullptr : &spans.back();
  if (join_level(span, last, frame.section.end, merge_gap) == Joined::kNew) spans.push_back(span);
}

void RootSolver::add_candidates(std::size_t level, const Frame& frame,
                                const RootSettings& settings) {
  for (const Span& whole : levels_[level]) {
    Placed placed;
    if (!place(whole, frame, settings, placed)) continue;
    Candidate candidate;
    candidate.threshold_index = static_cast<int>(level);
    candidate.segment = placed.segment;
    candidates_.push_back(candidate);
    spans_.push_back(placed.span);
  }
}

// Both levels are ordered by start and every interval has one parent: one pass over the two.
void RootSolver::link_level(std::size_t level_begin, std::size_t below_begin) {
  std::size_t parent = below_begin;
  for (std::size_t i = level_begin; i < candidates_.size(); ++i) {
    while (parent + 1 < level_begin && spans_[parent].end < spans_[i].end) ++parent;
    candidates_[i].parent = static_cast<int>(parent);
    if (candidates_[parent].num_children++ == 0) {
      candidates_[parent].first_child = static_cast<int>(i);
    }
  }
}

}  // namespace basnet_rt::cpu
