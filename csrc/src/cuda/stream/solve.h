#pragma once

// Last passes of a step: roots get their places, are solved by teams, and finals are written in
// order; slots change only then, and only if memory was enough.
//
//   roots, row by row      turn 0: c0: A(5) D(9)  c1: B(5) C(7)     (deciding snippet)
//   OrderRoots             one thread per listed root: place = roots of its turn that come before,
//                          C binary searches each          A 0, B 1, C 2, D 3
//   SolveFinalRoots        one warp per root, as in passes/solve_root.h; counts what it kept
//   running sum            kept_counts by place -> kept_begins
//   WriteFinals            one thread per detection: result[kept_begins[place] + rank in its root]
//   CommitRows, EndTurns   one thread per row, per turn: the slots take the new state

#include <algorithm>
#include <cstdint>

#include "cuda/device/ring.h"
#include "cuda/passes/horizon_gate.h"
#include "cuda/passes/select.h"
#include "cuda/passes/solve_root.h"
#include "cuda/stream/step.h"
#include "formulas/video_section.h"

namespace basnet_rt::cuda {

/// One thread per root that could be listed: finds its place in the order of finals, which is
/// (turn, deciding snippet, label, order in its row).
struct OrderRoots {
  Step step;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    step.work.kept_counts[index] = 0;
    if (index >= *step.work.num_listed) return;
    FinalRoot& root = step.work.roots[index];
    const std::int64_t classes = step.settings.num_classes();
    const std::int64_t turn_begin = root.row / classes * classes;
    std::int64_t place =
        step.work.root_begins[turn_begin] + index - step.work.root_begins[root.row];
    for (std::int64_t row = turn_begin; row < turn_begin + classes; ++row) {
      if (row != root.row) place += decided_before(row, root.decided + (row < root.row ? 1 : 0));
    }
    root.place = place;
  }

 private:
  /// Roots of a row that are decided before snippet `decided`; a row's are in that order.
  BASNET_RT_HOST_DEVICE std::int64_t decided_before(std::int64_t row, std::int64_t decided) const {
    const std::int64_t begin = step.work.root_begins[row];
    std::int64_t low = begin;
    std::int64_t high = step.work.root_begins[row + 1];
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (step.work.roots[middle].decided < decided) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - begin;
  }
};

/// Body of the kernel for teams: item i is listed root i.
struct SolveFinalRoots {
  Step step;

  template <class Team>
  BASNET_RT_HOST_DEVICE void operator()(const Team& team, Arena& arena, std::int64_t item) const {
    const SlotSettings& settings = step.settings;
    const FinalRoot& root = step.work.roots[item];
    const std::int64_t classes = settings.num_classes();
    const std::int64_t label = root.row % classes;
    const TurnState& turn = step.work.turns[root.row / classes];
    const bool at_end = turn.closes != 0 && root.decided == turn.next;
    RootTask task;
    task.root = root.root;
    task.section = at_end ? turn.closed : Section{turn.first};
    task.limits = settings.limits;
    // Snippets after the deciding one must not be used: results would depend on the chunks.
    const std::int64_t last = at_end ? root.decided - 1 : root.decided;
    const RingPlace place = ring_up_to(last, settings.y_ring);
    task.row = {settings.y_of(turn.input.slot) + label, classes, last, place};
    if (!set_video_term(team, arena, turn, label, last, task)) return;
    const Candidates all = RootProposer<Team>(team, arena, task, settings.common).run();
    if (settings.common.nms == NmsKind::kHard) {
      select_hard(team, all, Overlap{}, settings.common.nms_iou);
    } else {
      select_soft(team, all, Overlap{}, settings.common);
    }
    keep(team, arena, all, item);
  }

 private:
  /// @return whether the gate lets the root through.
  template <class Team>
  BASNET_RT_HOST_DEVICE bool set_video_term(const Team& team, Arena& arena, const TurnState& turn,
                                            std::int64_t label, std::int64_t last_seen,
                                            RootTask& task) const {
    const SlotSettings& settings = step.settings;
    if (!settings.keeps_raw()) return true;
    const std::int64_t columns = settings.num_classes() + 1;
    const float* raw = settings.raw_of(turn.input.slot);
    const RingPlace place = ring_up_to(last_seen, settings.raw_ring);
    const std::int64_t last = last_snippet(task.root.end, task.section);
    const double score = horizon_score(
        team, arena, [&](std::int64_t t, std::int64_t c) { return raw[place(t) * columns + c]; },
        std::max(turn.first, last - settings.horizon + 1), last, label, settings.common);
    task.video_term = settings.common.score_weight * score;
    return score >= 0.0;
  }

  /// Writes the kept candidates side by side, best first.
  template <class Team>
  BASNET_RT_HOST_DEVICE void keep(const Team& team, Arena& arena, const Candidates& all,
                                  std::int64_t item) const {
    const auto kept = [&](std::int64_t i) { return all.verdicts[i] == Verdict::kKept; };
    const std::int64_t count = team.count(all.count, kept);
    if (count == 0) return;
    std::int64_t* indices = arena.take<std::int64_t>(team, count);
    if (indices == nullptr) return;
    team.compact(all.count, kept, [&](std::int64_t i, std::int64_t rank) { indices[rank] = i; });
    const std::int64_t first =
        team.once([&] { return fetch_add(&step.work.outcome->num_found, count); });
    const std::int64_t place = step.work.roots[item].place;
    team.for_each(1, [&](std::int64_t) {
      step.work.kept_counts[place] = count;
      step.work.found_firsts[place] = first;
    });
    if (first + count > step.sizes.max_detections) return;  // the host checks the count
    team.for_each(count, [&](std::int64_t n) {
      const std::int64_t i = indices[n];
      std::int64_t before = 0;
      for (std::int64_t m = 0; m < count; ++m) {
        before += m != n && all.comes_first(indices[m], i) ? 1 : 0;
      }
      step.work.found[first + before] = {all.scores[i], all.segments[i], item};
    });
  }
};

/// One thread per place in the list of detections.
struct WriteFinals {
  Step step;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    if (!step.is_whole() || index >= step.work.outcome->num_found) return;
    const FoundFinal& one = step.work.found[index];
    const FinalRoot& root = step.work.roots[one.root];
    const std::int64_t at =
        step.work.kept_begins[root.place] + index - step.work.found_firsts[root.place];
    step.result.segments[at] = one.segment;
    step.result.scores[at] = one.score;
    step.result.decided[at] = root.decided;
    step.result.labels[at] = static_cast<std::int32_t>(root.row % step.settings.num_classes());
  }
};

/// Whether a turn changes its slot.
BASNET_RT_HOST_DEVICE inline bool commits(const Step& step, const TurnState& turn) {
  return step.is_whole() && turn.code == kFine && turn.input.mark != StreamMark::kPending;
}

/// One thread per row.
struct CommitRows {
  Step step;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    const std::int64_t classes = step.settings.num_classes();
    const TurnState& turn = step.work.turns[index / classes];
    if (!commits(step, turn)) return;
    const std::int64_t most = step.settings.max_waiting;
    const std::int64_t row = turn.input.slot * classes + index % classes;
    const RowState& state = step.work.rows[index];
    step.settings.state.rows[row] = state;
    for (std::int64_t i = 0; i < state.num_waiting; ++i) {
      step.settings.state.waiting[row * most + i] = step.work.waiting[index * most + i];
    }
  }
};

/// One thread per turn.
struct EndTurns {
  Step step;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    const TurnState& turn = step.work.turns[index];
    SlotState& slot = step.settings.state.slots[turn.input.slot];
    if (commits(step, turn)) {
      const bool gap = turn.input.mark == StreamMark::kGap;
      slot.next = turn.next + (gap ? turn.input.gap : 0);
      slot.first = gap ? slot.next : turn.first;
      slot.finished = turn.input.mark == StreamMark::kFinish ? 1 : 0;
    }
    TurnOutcome answer;
    answer.slot = turn.input.slot;
    answer.code = turn.code;
    answer.begin = turn.begin;
    answer.num_rows = turn.input.num_rows;
    answer.num_snippets = slot.next;
    answer.pending = turn.input.mark == StreamMark::kPending ? 1 : 0;
    if (step.is_whole()) {
      const std::int64_t classes = step.settings.num_classes();
      const std::int64_t* begins = step.work.root_begins;
      answer.first_final = step.work.kept_begins[begins[index * classes]];
      answer.num_finals = step.work.kept_begins[begins[(index + 1) * classes]] - answer.first_final;
    }
    step.result.turns[index] = answer;
    if (index == 0) *step.result.outcome = *step.work.outcome;
  }
};

}  // namespace basnet_rt::cuda
