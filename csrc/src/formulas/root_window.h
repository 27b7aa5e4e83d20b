#pragma once

// Proposals of a root and their scores, shared by both backends: the activations that a root reads,
// their integral, and the score of an interval.

#include <algorithm>
#include <cstdint>

#include "basnet_rt/config.h"
#include "basnet_rt/types.h"
#include "formulas/formulas.h"
#include "formulas/host_device.h"
#include "formulas/intervals.h"
#include "formulas/position.h"
#include "formulas/video_section.h"

namespace basnet_rt {

/// The settings that a root depends on, durations in snippets.
struct RootLimits {
  double snippet_seconds = 0.0;
  double merge_gap = 0.0;
  double min_duration = 0.0;
  double max_duration = kUnlimited;
  double max_lookahead = kUnlimited;
  double outer_ratio = 0.0;
};

inline RootLimits root_limits(const PostprocessConfig& config, double snippet_seconds) {
  return {snippet_seconds,
          config.merge_gap / snippet_seconds,
          config.min_duration / snippet_seconds,
          config.max_duration / snippet_seconds,
          config.max_lookahead / snippet_seconds,
          config.outer_ratio};
}

/// Snippets right of the root's end that must be known before the root can be solved.
BASNET_RT_HOST_DEVICE inline double lookahead(const Interval& root, const RootLimits& limits) {
  const double flank = limits.outer_ratio * distance(root.start, root.end);
  // Past a cut, a gap at a higher threshold may still be bridged.
  return std::max(root.cut_end ? limits.merge_gap : 0.0, std::min(flank, limits.max_lookahead));
}

/// Snippets left of the root's start whose activations are read.
BASNET_RT_HOST_DEVICE inline double lookbehind(const Interval& root, const RootLimits& limits) {
  const double flank = limits.outer_ratio * distance(root.start, root.end);
  return std::max(root.cut_start ? limits.merge_gap : 0.0, flank);
}

/// The largest value of `lookbehind`.
inline double longest_lookbehind(const RootLimits& limits) {
  return std::max(limits.outer_ratio * limits.max_duration, limits.merge_gap);
}

/// Snippets [first, last], both inclusive.
struct Window {
  std::int64_t first = 0;
  std::int64_t last = 0;

  BASNET_RT_HOST_DEVICE std::int64_t count() const { return last - first + 1; }
};

/// The snippets of [first, last] from `before` the root's start to `after` its end.
BASNET_RT_HOST_DEVICE inline Window window_around(const Interval& root, double before, double after,
                                                  std::int64_t first, std::int64_t last) {
  // A long video end may lie several max_durations past the last centre.
  return {std::clamp(advance(root.start, -before).index, first, last),
          std::min(last, advance(root.end, after).index + 1)};
}

/// The snippets that the scores of the root's proposals read.
BASNET_RT_HOST_DEVICE inline Window score_window(const Interval& root, const RootLimits& limits,
                                                 std::int64_t first, std::int64_t last) {
  return window_around(root, lookbehind(root, limits), lookahead(root, limits), first, last);
}

/// The snippets in which the root's proposals are searched; at a cut, a merge gap beyond the root.
BASNET_RT_HOST_DEVICE inline Window proposal_window(const Interval& root, const RootLimits& limits,
                                                    std::int64_t first, std::int64_t last) {
  return window_around(root, root.cut_start ? limits.merge_gap : 0.0,
                       root.cut_end ? limits.merge_gap : 0.0, first, last);
}

/// First centre inside the root, counted from the window's first.
BASNET_RT_HOST_DEVICE inline std::int64_t pivot_of(const Interval& root, const Window& window) {
  const std::int64_t inside = root.start.index + (root.start.offset < 0.0 ? 0 : 1);
  return std::min(inside, window.last) - window.first;
}

/// In snippets after the centre of a window's first.
struct Span {
  double start = 0.0;
  double end = 0.0;
};

/// The integral of the activation over a window, zero at the pivot.
///
/// Summed outwards from the first centre inside the root, so that large negative activations in the
/// flanks do not reduce the precision of inner means.
struct Integral {
  const double* values = nullptr;  ///< (count,) activations
  const double* sums = nullptr;    ///< (count,) integral from the pivot to each centre
  std::int64_t count = 0;
  std::int64_t pivot = 0;

  /// Within a cell, from the centre that is nearer to the pivot.
  BASNET_RT_HOST_DEVICE double to(double position) const {
    if (position <= 0.0) return sums[0] + values[0] * position;
    const std::int64_t last = count - 1;
    const bool beyond = position >= static_cast<double>(last);  // perhaps beyond any index
    const std::int64_t cell = beyond ? last : static_cast<std::int64_t>(position);
    const double slope = cell < last ? values[cell + 1] - values[cell] : 0.0;
    if (cell < pivot && cell < last) {
      const double back = static_cast<double>(cell + 1) - position;
      return sums[cell + 1] - back * (values[cell + 1] - 0.5 * back * slope);
    }
    const double share = position - static_cast<double>(cell);
    return sums[cell] + share * (values[cell] + 0.5 * share * slope);
  }
};

/// Fills `sums` from the pivot to the right; the pivot's own is 0.
BASNET_RT_HOST_DEVICE inline void integrate_right(const double* values, double* sums,
                                                  std::int64_t pivot, std::int64_t count) {
  double sum = 0.0;
  sums[pivot] = sum;
  for (std::int64_t i = pivot + 1; i < count; ++i) {
    sums[i] = sum += 0.5 * (values[i - 1] + values[i]);
  }
}

/// Fills `sums` left of the pivot.
BASNET_RT_HOST_DEVICE inline void integrate_left(const double* values, double* sums,
                                                 std::int64_t pivot) {
  double sum = 0.0;
  for (std::int64_t i = pivot; i-- > 0;) sums[i] = sum -= 0.5 * (values[i] + values[i + 1]);
}

/// Outer-inner contrast of a proposal.
BASNET_RT_HOST_DEVICE inline double proposal_score(const Integral& integral, Span span,
                                                   Span section, const RootLimits& limits,
                                                   double video_term) {
  const double length = span.end - span.start;
  const double flank = limits.outer_ratio * length;
  const double left = std::max(section.start, span.start - flank);
  const double right = std::min(section.end, span.end + std::min(flank, limits.max_lookahead));
  const double at_start = integral.to(span.start);
  const double at_end = integral.to(span.end);
  const double outer_length = (span.start - left) + (right - span.end);
  const double outer_sum = (at_start - integral.to(left)) + (integral.to(right) - at_end);
  return formulas::contrast((at_end - at_start) / length,
                            outer_length > 0.0 ? outer_sum / outer_length : 0.0, video_term);
}

/// The place of a window in its section.
struct Frame {
  std::int64_t origin = 0;  ///< first snippet of the window
  Span section;             ///< the section's ends
  Span root;                ///< the root's
  double end_seconds = 0.0;

  BASNET_RT_HOST_DEVICE Frame(std::int64_t origin_, const Section& whole, const Interval& interval)
      : origin(origin_),
        section{local(whole.begin()), local(whole.end)},
        root{local(interval.start), local(interval.end)},
        end_seconds(whole.end_seconds) {}

  /// Snippets after the centre of `origin`.
  BASNET_RT_HOST_DEVICE double local(Position position) const {
    return distance({origin, 0.0}, position);
  }
};

/// A proposal's place: clipped to its root, and in seconds.
struct Placed {
  Span span;
  Segment segment;
};

/// @return whether the clipped proposal has positive length and is long enough.
BASNET_RT_HOST_DEVICE inline bool place(Span whole, const Frame& frame, const RootLimits& limits,
                                        Placed& placed) {
  placed.span = {std::max(frame.root.start, whole.start), std::min(frame.root.end, whole.end)};
  const Span& span = placed.span;
  const double length = span.end - span.start;
  if (!(length > 0.0) || length < limits.min_duration) return false;
  placed.segment.start = formulas::to_seconds(frame.origin, span.start, limits.snippet_seconds);
  placed.segment.end = span.end == frame.section.end
                           ? frame.end_seconds
                           : formulas::to_seconds(frame.origin, span.end, limits.snippet_seconds);
  return placed.segment.end > placed.segment.start;  // else too short for seconds
}

}  // namespace basnet_rt
