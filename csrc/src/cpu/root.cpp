#include "cpu/root.h"

#include <algorithm>
#include <cmath>

namespace basnet_rt::cpu {

RootSettings root_settings(const PostprocessConfig& config, double snippet_seconds) {
  RootSettings settings;
  settings.thresholds = config.cas_thresholds;
  settings.snippet_seconds = snippet_seconds;
  settings.merge_gap = config.merge_gap / snippet_seconds;
  settings.min_duration = config.min_duration / snippet_seconds;
  settings.max_duration = config.max_duration / snippet_seconds;
  settings.max_lookahead = config.max_lookahead / snippet_seconds;
  settings.outer_ratio = config.outer_ratio;
  settings.nms_iou = config.nms_iou;
  settings.nms = config.nms;
  settings.soft_sigma = config.soft_sigma;
  settings.soft_min_score = config.soft_min_score;
  return settings;
}

double lookahead(const Interval& root, const RootSettings& settings) {
  const double flank = settings.outer_ratio * distance(root.start, root.end);
  // Past a cut, a gap at a higher threshold may still be bridged.
  return std::max(root.cut_end ? settings.merge_gap : 0.0, std::min(flank, settings.max_lookahead));
}

double lookbehind(const Interval& root, const RootSettings& settings) {
  const double flank = settings.outer_ratio * distance(root.start, root.end);
  return std::max(root.cut_start ? settings.merge_gap : 0.0, flank);
}

void RootSolver::propose(const Interval& root, const ClassRow& row, const Section& section,
                         const RootSettings& settings, double video_term) {
  const Position from = advance(root.start, -lookbehind(root, settings));
  const Position to = advance(root.end, lookahead(root, settings));
  // A long video end may lie several max_durations past the last centre.
  const std::int64_t first = std::clamp(from.index, section.first, row.last());
  const std::int64_t last = std::min(row.last(), to.index + 1);
  build_integral(root, first, last, row);
  section_ = {local(section.begin()), local(section.end)};

  const Span clip{local(root.start), local(root.end)};
  find_levels(root, row, section, settings);
  levels_[0].assign(1, clip);

  candidates_.clear();
  spans_.clear();
  std::size_t below_begin = 0;
  for (std::size_t level = 0; level < levels_.size(); ++level) {
    const std::size_t level_begin = candidates_.size();
    add_candidates(level, clip, section, settings);
    if (candidates_.size() == level_begin) break;  // nothing higher can be inside nothing
    if (level > 0) link_level(level_begin, below_begin);
    below_begin = level_begin;
  }
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    candidates_[i].score = score(spans_[i], settings, video_term);
  }
}

// Outwards from the first centre inside the root, so that what happens in the flanks, however
// far below 0, costs the inner means no digits.
void RootSolver::build_integral(const Interval& root, std::int64_t first, std::int64_t last,
                                const ClassRow& row) {
  origin_ = first;
  const auto count = static_cast<std::size_t>(last - first + 1);
  values_.assign(row.values + (first - row.first), row.values + (last - row.first) + 1);
  const std::int64_t inside = root.start.index + (root.start.offset < 0.0 ? 0 : 1);
  pivot_ = static_cast<std::size_t>(std::min(inside, last) - first);
  integral_.resize(count);
  integral_[pivot_] = 0.0;
  for (std::size_t i = pivot_ + 1; i < count; ++i) {
    integral_[i] = integral_[i - 1] + 0.5 * (values_[i - 1] + values_[i]);
  }
  for (std::size_t i = pivot_; i-- > 0;) {
    integral_[i] = integral_[i + 1] - 0.5 * (values_[i] + values_[i + 1]);
  }
}

// Within a cell, from the centre that is nearer to the pivot.
double RootSolver::integral_to(double position) const {
  if (position <= 0.0) return integral_[0] + values_[0] * position;
  const std::size_t last = values_.size() - 1;
  const bool beyond = position >= static_cast<double>(last);  // perhaps beyond any index
  const std::size_t cell = beyond ? last : static_cast<std::size_t>(position);
  const double slope = cell < last ? values_[cell + 1] - values_[cell] : 0.0;
  if (cell < pivot_ && cell < last) {
    const double back = static_cast<double>(cell + 1) - position;
    return integral_[cell + 1] - back * (values_[cell + 1] - 0.5 * back * slope);
  }
  const double share = position - static_cast<double>(cell);
  return integral_[cell] + share * (values_[cell] + 0.5 * share * slope);
}

// Intervals of all thresholds in one pass: a threshold is looked at where the activation crosses
// it. Around a cut, intervals are followed a merge gap past the root.
void RootSolver::find_levels(const Interval& root, const ClassRow& row, const Section& section,
                             const RootSettings& settings) {
  const std::vector<double>& thresholds = settings.thresholds;
  const double before = root.cut_start ? settings.merge_gap : 0.0;
  const double after = root.cut_end ? settings.merge_gap : 0.0;
  const std::int64_t first =
      std::clamp(advance(root.start, -before).index, section.first, row.last());
  const std::int64_t last = std::min(row.last(), advance(root.end, after).index + 1);
  levels_.resize(thresholds.size());
  for (auto& level : levels_) level.clear();
  open_.resize(thresholds.size());

  std::size_t active = 0;  // thresholds [0, active) are reached
  double y = row[first];
  const double begin = first == section.first ? section_.start : local({first, 0.0});
  while (active < thresholds.size() && formulas::is_active(y, thresholds[active])) {
    open_[active++] = begin;
  }
  for (std::int64_t i = first + 1; i <= last; ++i) {
    const double next = row[i];
    const double base = local({i - 1, 0.0});
    for (; active < thresholds.size() && formulas::is_active(next, thresholds[active]); ++active) {
      open_[active] = base + formulas::crossing(y, next, thresholds[active]);
    }
    while (active > 0 && !formulas::is_active(next, thresholds[active - 1])) {
      --active;
      const double end = base + formulas::crossing(y, next, thresholds[active]);
      add_interval(active, {open_[active], end}, settings.merge_gap);
    }
    y = next;
  }
  const double end = last == row.last() && section.ended() ? section_.end : local({last, 0.0});
  while (active-- > 0) add_interval(active, {open_[active], end}, settings.merge_gap);
}

void RootSolver::add_interval(std::size_t level, Span span, double merge_gap) {
  span.end = std::min(span.end, section_.end);
  if (!(span.end > span.start)) return;  // a touch
  std::vector<Span>& spans = levels_[level];
  if (!spans.empty() && span.start - spans.back().end < merge_gap) {
    spans.back().end = span.end;
  } else {
    spans.push_back(span);
  }
}

void RootSolver::add_candidates(std::size_t level, Span clip, const Section& section,
                                const RootSettings& settings) {
  for (const Span& whole : levels_[level]) {
    const Span span{std::max(clip.start, whole.start), std::min(clip.end, whole.end)};
    const double length = span.end - span.start;
    if (!(length > 0.0) || length < settings.min_duration) continue;
    Candidate candidate;
    candidate.threshold_index = static_cast<int>(level);
    candidate.segment.start = formulas::to_seconds(origin_, span.start, settings.snippet_seconds);
    candidate.segment.end = span.end == section_.end
                                ? section.end_seconds
                                : formulas::to_seconds(origin_, span.end, settings.snippet_seconds);
    if (!(candidate.segment.end > candidate.segment.start)) continue;  // too short for seconds
    candidates_.push_back(candidate);
    spans_.push_back(span);
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

double RootSolver::score(Span span, const RootSettings& settings, double video_term) const {
  const double length = span.end - span.start;
  const double flank = settings.outer_ratio * length;
  const double left = std::max(section_.start, span.start - flank);
  const double right = std::min(section_.end, span.end + std::min(flank, settings.max_lookahead));
  const double at_start = integral_to(span.start);
  const double at_end = integral_to(span.end);
  const double outer_length = (span.start - left) + (right - span.end);
  const double outer_sum = (at_start - integral_to(left)) + (integral_to(right) - at_end);
  return formulas::contrast((at_end - at_start) / length,
                            outer_length > 0.0 ? outer_sum / outer_length : 0.0, video_term);
}

}  // namespace basnet_rt::cpu
