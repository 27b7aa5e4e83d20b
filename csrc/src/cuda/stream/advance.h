#pragma once

// Middle passes of a step: each row takes its new snippets, and roots that become final are listed.
//
//   AdvanceRows  one thread per row (B * C), num_rows steps
//       x -> y -> ring of the slot     scanner -> roots -> waiting -> final: counted
//       the new state goes to the step's rows; the slot's stays, so a step can be repeated
//   running sum  root_counts -> root_begins
//   ListRoots    one thread per row: rows with roots repeat the pass and write the roots
//
//   time ->      [ root A ]....flank of A seen: A is final, decided = this snippet
//                        [ root B ]...........flank not seen yet: B waits

#include <cstdint>

#include "cuda/device/ring.h"
#include "cuda/stream/step.h"
#include "formulas/formulas.h"
#include "formulas/intervals.h"
#include "formulas/root_window.h"
#include "formulas/sliding_extremes.h"

namespace basnet_rt::cuda {

/// A row during a step: `state` and `waiting` are copies, with the values after the step at the
/// end.
struct RowRun {
  const SlotSettings& settings;
  const TurnState& turn;
  RowState& state;
  Interval* waiting;
  std::int64_t* waiting_short;

  /// @param value  value(t): the normalised activation of snippet t; computed once each, in order.
  /// @param decide  decide(root, decided) for each root that becomes final, in the order of finals.
  template <class Value, class Decide>
  BASNET_RT_HOST_DEVICE void run(const Value& value, const Decide& decide) const {
    for (std::int64_t t = turn.begin; t < turn.next; ++t) {
      const double y = value(t);
      settle(t, decide);
      const auto found = [&](const Interval& root) { take(root, t, decide); };
      if (t == turn.first) {
        state.scanner = IntervalScanner(settings.common.thresholds[0], settings.limits.merge_gap,
                                        settings.limits.max_duration);
        state.scanner.begin(t, y, Section{turn.first}.begin(), found);
      } else {
        state.scanner.push(y, found);
      }
    }
    if (turn.closes != 0) close(decide);
  }

 private:
  BASNET_RT_HOST_DEVICE bool is_ready(const Interval& root, std::int64_t t) const {
    const Position ready = advance(root.end, lookahead(root, settings.limits));
    return distance(ready, {t, 0.0}) >= 0.0;
  }

  // The CPU checks waiting roots after the scanner, new ones last: the same order.
  template <class Decide>
  BASNET_RT_HOST_DEVICE void settle(std::int64_t t, const Decide& decide) const {
    std::int64_t left = 0;
    for (std::int64_t i = 0; i < state.num_waiting; ++i) {
      const Interval root = waiting[i];
      if (is_ready(root, t)) {
        decide(root, t);
      } else {
        waiting[left++] = root;
      }
    }
    state.num_waiting = left;
  }

  template <class Decide>
  BASNET_RT_HOST_DEVICE void take(const Interval& root, std::int64_t t,
                                  const Decide& decide) const {
    if (is_ready(root, t)) return decide(root, t);
    if (state.num_waiting < settings.max_waiting) {
      waiting[state.num_waiting++] = root;
    } else {
      *waiting_short = 1;  // every thread that writes, writes this
    }
  }

  template <class Decide>
  BASNET_RT_HOST_DEVICE void close(const Decide& decide) const {
    for (std::int64_t i = 0; i < state.num_waiting; ++i) decide(waiting[i], turn.next);
    state.num_waiting = 0;
    state.scanner.finish(turn.closed.end, [&](const Interval& root) { decide(root, turn.next); });
  }
};

/// One row of a step: the places of its state and of the next state.
struct StepRow {
  std::int64_t index = 0;
  std::int64_t label = 0;
  const TurnState* turn = nullptr;

  BASNET_RT_HOST_DEVICE StepRow(const Step& step, std::int64_t index_)
      : index(index_),
        label(index_ % step.settings.num_classes()),
        turn(step.work.turns + index_ / step.settings.num_classes()) {}

  BASNET_RT_HOST_DEVICE std::int64_t slot_row(const Step& step) const {
    return turn->input.slot * step.settings.num_classes() + label;
  }

  /// Runs from the slot's state to the step's; the slot's is unchanged, so this may be repeated.
  template <class Value, class Decide>
  BASNET_RT_HOST_DEVICE void run(const Step& step, RowState& state, const Value& value,
                                 const Decide& decide) const {
    const SlotSettings& settings = step.settings;
    Interval* waiting = step.work.waiting + index * settings.max_waiting;
    const Interval* held = settings.state.waiting + slot_row(step) * settings.max_waiting;
    for (std::int64_t i = 0; i < state.num_waiting; ++i) waiting[i] = held[i];
    const RowRun row{settings, *turn, state, waiting, &step.work.outcome->waiting_short};
    row.run(value, decide);
  }

  BASNET_RT_HOST_DEVICE RowState held_state(const Step& step) const {
    RowState state = step.settings.state.rows[slot_row(step)];
    if (turn->begin == turn->first) state.num_waiting = 0;  // the section begins
    return state;
  }
};

/// Puts a row's new snippets into its rings and normalises them.
class NewValues {
 public:
  BASNET_RT_HOST_DEVICE NewValues(const Step& step, const StepRow& row, RowState& state)
      : step_(step), row_(row), state_(state) {}

  BASNET_RT_HOST_DEVICE double operator()(std::int64_t t) const {
    const SlotSettings& settings = step_.settings;
    const TurnInput& input = row_.turn->input;
    const std::int64_t from = input.first_row + (t - row_.turn->begin);
    const float x = step_.rows.activations[from * step_.rows.row_stride + row_.label];
    const formulas::Range range =
        settings.slides() ? slide(t, x) : settings.common.ranges[row_.label];
    const double y = formulas::normalise(x, range);
    const std::int64_t classes = settings.num_classes();
    settings.y_of(input.slot)[t % settings.y_ring * classes + row_.label] = y;
    if (settings.keeps_raw()) keep_raw(t, from);
    return y;
  }

 private:
  BASNET_RT_HOST_DEVICE void keep_raw(std::int64_t t, std::int64_t from) const {
    const SlotSettings& settings = step_.settings;
    const std::int64_t columns = settings.num_classes() + 1;
    const float* raw = step_.rows.raw_cas + from * columns;
    float* ring = settings.raw_of(row_.turn->input.slot) + t % settings.raw_ring * columns;
    ring[row_.label] = raw[row_.label];
    if (row_.label == 0) ring[columns - 1] = raw[columns - 1];
  }

  /// Min-max of the horizon that ends with snippet t. If an extreme has left the window, it is
  /// searched again; otherwise only the new value can change it.
  BASNET_RT_HOST_DEVICE formulas::Range slide(std::int64_t t, float x) const {
    const SlotSettings& settings = step_.settings;
    const std::int64_t classes = settings.num_classes();
    float* ring = settings.x_of(row_.turn->input.slot) + row_.label;
    ring[t % settings.x_ring * classes] = x;
    const std::int64_t first = row_.turn->first;
    const std::int64_t oldest = t - first < settings.horizon ? first : t - settings.horizon + 1;
    const bool begins = t == first;
    if (begins || hides_least(x, state_.least)) {
      state_.least = x;
      state_.least_at = t;
    }
    if (begins || hides_largest(x, state_.largest)) {
      state_.largest = x;
      state_.largest_at = t;
    }
    if (state_.least_at < oldest || state_.largest_at < oldest) search(ring, oldest, t);
    return formulas::minmax_range(state_.least, state_.largest);
  }

  BASNET_RT_HOST_DEVICE void search(const float* ring, std::int64_t oldest, std::int64_t t) const {
    const std::int64_t classes = step_.settings.num_classes();
    const RingPlace place = ring_up_to(t, step_.settings.x_ring);
    state_.least = state_.largest = ring[place(oldest) * classes];
    state_.least_at = state_.largest_at = oldest;
    for (std::int64_t at = oldest + 1; at <= t; ++at) {
      const float value = ring[place(at) * classes];
      if (hides_least(value, state_.least)) {
        state_.least = value;
        state_.least_at = at;
      }
      if (hides_largest(value, state_.largest)) {
        state_.largest = value;
        state_.largest_at = at;
      }
    }
  }

  BASNET_RT_HOST_DEVICE static bool hides_least(float newer, float older) {
    return formulas::HidesForLeast{}(newer, older);
  }
  BASNET_RT_HOST_DEVICE static bool hides_largest(float newer, float older) {
    return formulas::HidesForLargest{}(newer, older);
  }

  const Step& step_;
  const StepRow& row_;
  RowState& state_;
};

/// One thread per row: takes the new snippets and counts roots that become final.
struct AdvanceRows {
  Step step;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    std::int64_t count = 0;
    const StepRow row(step, index);
    if (row.turn->code == kFine) {
      RowState state = row.held_state(step);
      row.run(step, state, NewValues(step, row, state),
              [&](const Interval&, std::int64_t) { ++count; });
      step.work.rows[index] = state;
    }
    step.work.root_counts[index] = count;
  }
};

/// One thread per row: repeats the pass and lists the roots; most rows have none.
struct ListRoots {
  Step step;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    const std::int64_t total = step.work.root_begins[step.num_rows()];
    const bool fits = step.lists_roots();
    if (index == 0) {
      step.work.outcome->num_roots = total;
      *step.work.num_listed = fits ? total : 0;
    }
    if (!fits || step.work.root_counts[index] == 0) return;
    const StepRow row(step, index);
    const std::int64_t classes = step.settings.num_classes();
    const std::int64_t ring = step.settings.y_ring;
    const double* y = step.settings.y_of(row.turn->input.slot) + row.label;
    RowState state = row.held_state(step);
    FinalRoot* to = step.work.roots + step.work.root_begins[index];
    row.run(
        step, state, [&](std::int64_t t) { return y[t % ring * classes]; },
        [&](const Interval& root, std::int64_t decided) { *to++ = {root, index, decided, 0}; });
  }
};

}  // namespace basnet_rt::cuda
