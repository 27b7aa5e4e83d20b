#pragma once

// Mode continuous, third pass: one root per team. Proposals, scores, NMS.
//
//      y |      __                       root: where y is at or above the lowest threshold
//   a2 --|-----/--\----__---             level 2: two intervals     lane 2 scans the window
//   a1 --|----/----\--/--\--             level 1: two intervals     lane 1 scans the window
//   a0 --|___/______\/____\___           level 0: the root itself   lane 0
//        | left   root    right          flanks: window = root and flanks, at most T snippets
//
//   phase                         work                         steps of the longest lane
//   values of the window          lane per snippet             window / 32
//   integral, out from the pivot  one lane per side            window
//   count, then fill levels       lane per threshold           window, twice
//   scores                        lane per candidate           candidates / 32
//   NMS, emit                     select.h, emit.h

#include <algorithm>
#include <cstdint>

#include "cuda/device/memory.h"
#include "cuda/device/ring.h"
#include "cuda/passes/batch.h"
#include "cuda/passes/emit.h"
#include "cuda/passes/horizon_gate.h"
#include "cuda/passes/select.h"
#include "formulas/level_merge.h"
#include "formulas/root_window.h"
#include "formulas/video_section.h"

namespace basnet_rt::cuda {

/// Activations of one row, among those of the other classes; a stream's lie in a ring.
struct StridedRow {
  const double* y = nullptr;
  std::int64_t stride = 0;
  std::int64_t last = 0;  ///< snippet
  RingPlace place{};      ///< of a whole video, none

  BASNET_RT_HOST_DEVICE double operator[](std::int64_t t) const { return y[place(t) * stride]; }
};

/// Proposals of one root at one threshold, left to right; `sink(const Placed&)` per proposal.
///
/// The CPU follows all thresholds at once; here each has a lane of its own.
/// @param begin, end  where an interval that is open at the window's ends starts or stops.
template <class Sink>
BASNET_RT_HOST_DEVICE void scan_level(const ClassRow& row, const Window& window, double threshold,
                                      double begin, double end, const Frame& frame,
                                      const RootLimits& limits, Sink&& sink) {
  Span pending;
  bool has_pending = false;
  const auto flush = [&] {
    Placed placed;
    if (has_pending && place(pending, frame, limits, placed)) sink(placed);
  };
  const auto add = [&](Span span) {
    Span* last = has_pending ? &pending : nullptr;
    if (join_level(span, last, frame.section.end, limits.merge_gap) != Joined::kNew) return;
    flush();
    pending = span;
    has_pending = true;
  };
  double y = row[window.first];
  bool active = formulas::is_active(y, threshold);
  double start = begin;
  for (std::int64_t t = window.first + 1; t <= window.last; ++t) {
    const double next = row[t];
    if (formulas::is_active(next, threshold) != active) {
      const double at = frame.local({t - 1, 0.0}) + formulas::crossing(y, next, threshold);
      if (active) add({start, at});
      start = at;
      active = !active;
    }
    y = next;
  }
  if (active) add({start, end});
  flush();
}

/// A root with all that its solution depends on.
struct RootTask {
  Interval root;
  Section section;
  RootLimits limits;
  StridedRow row;
  double video_term = 0.0;
};

/// Finds and scores the proposals of a root; null arrays and no candidates if memory is short.
template <class Team>
class RootProposer {
 public:
  BASNET_RT_HOST_DEVICE RootProposer(const Team& team, Arena& arena, const RootTask& task,
                                     const BatchSettings& settings)
      : team_(team),
        arena_(arena),
        task_(task),
        settings_(settings),
        window_(score_window(task.root, task.limits, task.section.first, task.row.last)),
        levels_(proposal_window(task.root, task.limits, task.section.first, task.row.last)),
        frame_(window_.first, task.section, task.root) {}

  BASNET_RT_HOST_DEVICE Candidates run() {
    Candidates all;
    std::int64_t* begins = arena_.take<std::int64_t>(team_, settings_.num_thresholds + 1);
    if (begins == nullptr || !integrate()) return all;
    count_levels(begins);
    const std::int64_t count = begins[settings_.num_thresholds];
    Span* spans = arena_.take<Span>(team_, count);
    all.segments = arena_.take<Segment>(team_, count);
    all.scores = arena_.take<double>(team_, count);
    all.verdicts = arena_.take<Verdict>(team_, count);
    all.next = arena_.take<Verdict>(team_, count);
    if (spans == nullptr || all.segments == nullptr || all.scores == nullptr ||
        all.verdicts == nullptr || all.next == nullptr) {
      return all;
    }
    all.num_levels = settings_.num_thresholds;
    all.level_begins = begins;
    all.count = count;
    fill_levels(all, spans);
    team_.for_each(count, [&](std::int64_t i) {
      all.scores[i] =
          proposal_score(integral_, spans[i], frame_.section, task_.limits, task_.video_term);
    });
    return all;
  }

 private:
  BASNET_RT_HOST_DEVICE bool integrate() {
    const std::int64_t count = window_.count();
    double* values = arena_.take<double>(team_, count);
    double* sums = arena_.take<double>(team_, count);
    if (values == nullptr || sums == nullptr) return false;
    integral_ = {values, sums, count, pivot_of(task_.root, window_)};
    team_.for_each(count, [&](std::int64_t i) { values[i] = task_.row[window_.first + i]; });
    // The two sides do not touch each other's sums; the pivot belongs to the right one.
    team_.for_each(2, [&](std::int64_t side) {
      if (side == 0) {
        integrate_right(values, sums, integral_.pivot, count);
      } else if (integral_.pivot > 0) {
        integrate_left(values, sums, integral_.pivot);
      }
    });
    return true;
  }

  /// The lowest level is the root itself.
  template <class Sink>
  BASNET_RT_HOST_DEVICE void scan(std::int64_t level, Sink&& sink) const {
    if (level == 0) {
      Placed placed;
      if (place(frame_.root, frame_, task_.limits, placed)) sink(placed);
      return;
    }
    const bool from_start = levels_.first == task_.section.first;
    const bool to_end = levels_.last == task_.row.last && task_.section.ended();
    scan_level({integral_.values, window_.first, integral_.count}, levels_,
               settings_.thresholds[level],
               from_start ? frame_.section.start : frame_.local({levels_.first, 0.0}),
               to_end ? frame_.section.end : frame_.local({levels_.last, 0.0}), frame_,
               task_.limits, sink);
  }

  BASNET_RT_HOST_DEVICE void count_levels(std::int64_t* begins) {
    team_.for_each(settings_.num_thresholds, [&](std::int64_t level) {
      std::int64_t count = 0;
      scan(level, [&](const Placed&) { ++count; });
      begins[level + 1] = count;
    });
    team_.for_each(1, [&](std::int64_t) {
      begins[0] = 0;
      bool empty = false;  // no interval here, so none at a higher threshold
      for (std::int64_t level = 0; level < settings_.num_thresholds; ++level) {
        empty = empty || begins[level + 1] == 0;
        begins[level + 1] = begins[level] + (empty ? 0 : begins[level + 1]);
      }
    });
  }

  BASNET_RT_HOST_DEVICE void fill_levels(const Candidates& all, Span* spans) {
    team_.for_each(settings_.num_thresholds, [&](std::int64_t level) {
      std::int64_t at = all.level_begins[level];
      if (at == all.level_begins[level + 1]) return;
      scan(level, [&](const Placed& placed) {
        spans[at] = placed.span;
        all.segments[at++] = placed.segment;
      });
    });
  }

  const Team& team_;
  Arena& arena_;
  const RootTask& task_;
  const BatchSettings& settings_;
  Window window_;
  Window levels_;
  Frame frame_;
  Integral integral_;
};

/// Body of the kernel: item i is root i of the batch, rows one after the other.
struct SolveRoots {
  BatchSettings settings;
  BatchInput input;
  BatchWork work;

  template <class Team>
  BASNET_RT_HOST_DEVICE void operator()(const Team& team, Arena& arena, std::int64_t item) const {
    const std::int64_t index = row_of(item);
    const Row row = row_at(index, settings);
    const VideoPlan& plan = settings.videos[row.video];
    const std::int64_t rank = item - work.root_begins[index];
    RootTask task;
    task.root = work.roots[plan.first_root + row.label * plan.max_roots + rank];
    task.section = plan.section;
    task.limits = plan.limits;
    task.row = {work.y + plan.first_row * settings.num_classes + row.label, settings.num_classes,
                plan.used - 1};
    if (!set_video_term(team, arena, plan, row, task)) return;
    const Candidates all = RootProposer<Team>(team, arena, task, settings).run();
    if (settings.nms == NmsKind::kHard) {
      select_hard(team, all, Overlap{}, settings.nms_iou);
    } else {
      select_soft(team, all, Overlap{}, settings);
    }
    emit(team, all, row, settings, work);
  }

 private:
  /// The row that holds root `item`.
  BASNET_RT_HOST_DEVICE std::int64_t row_of(std::int64_t item) const {
    std::int64_t low = 0;
    std::int64_t high = settings.num_rows();
    while (low + 1 < high) {  // root_begins[low] <= item < root_begins[high]
      const std::int64_t middle = low + (high - low) / 2;
      if (work.root_begins[middle] <= item) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// @return whether the gate lets the root through.
  template <class Team>
  BASNET_RT_HOST_DEVICE bool set_video_term(const Team& team, Arena& arena, const VideoPlan& plan,
                                            Row row, RootTask& task) const {
    double score = 0.0;
    if (settings.gate == Gate::kVideo) {
      score = static_cast<double>(input.video_scores[row.video * settings.num_classes + row.label]);
    } else if (settings.gate == Gate::kHorizon) {
      const std::int64_t columns = settings.num_classes + 1;
      const float* raw = input.raw_cas + plan.first_row * columns;
      const std::int64_t last = last_snippet(task.root.end, plan.section);
      score = horizon_score(
          team, arena, [&](std::int64_t t, std::int64_t c) { return raw[t * columns + c]; },
          std::max<std::int64_t>(0, last - plan.horizon + 1), last, row.label, settings);
    }
    task.video_term = settings.gate == Gate::kNone ? 0.0 : settings.score_weight * score;
    return score >= 0.0;
  }
};

}  // namespace basnet_rt::cuda
