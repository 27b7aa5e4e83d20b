#pragma once

// Finds the intervals in which a piecewise-linear activation is at or above one threshold, snippet
// by snippet.
//
// The same scanner finds roots (at the lowest threshold, in streams and offline) and the proposals
// inside a root (at every threshold), so they always agree.

#include "formulas/formulas.h"
#include "formulas/position.h"

namespace basnet_rt {

/// A maximal interval at or above a threshold, with small gaps bridged. `cut_*`: max_duration made
/// this end, and the activation continues beyond it.
struct Interval {
  Position start;
  Position end;
  bool cut_start = false;
  bool cut_end = false;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(start);
    archive.field(end);
    archive.field(cut_start);
    archive.field(cut_end);
  }
};

/// Call `begin` and `push` for every snippet of a section in order, then `finish` once.
///
/// Sink: any callable taking (const Interval&). Order of the calls is by start.
class IntervalScanner {
 public:
  /// @param merge_gap, max_duration  in snippets.
  /// @param limit  end of the activation (a video may end before its last snippet's centre).
  BASNET_RT_HOST_DEVICE IntervalScanner(double threshold, double merge_gap, double max_duration,
                                        Position limit = kNever)
      : threshold_(threshold), merge_gap_(merge_gap), max_duration_(max_duration), limit_(limit) {}

  /// Starts at snippet `first`; an interval that is already open there begins at `open_position`:
  /// half a snippet earlier at a section's begin.
  template <class Sink>
  BASNET_RT_HOST_DEVICE void begin(std::int64_t first, double y, Position open_position,
                                   Sink&& sink) {
    index_ = first;
    previous_y_ = y;
    active_ = formulas::is_active(y, threshold_);
    state_ = State::kOutside;
    has_root_ = false;
    if (active_) enter(open_position, sink);
  }

  template <class Sink>
  BASNET_RT_HOST_DEVICE void push(double y, Sink&& sink) {
    const bool active = formulas::is_active(y, threshold_);
    ++index_;
    if (active != active_) {
      const Position at{index_ - 1, formulas::crossing(previous_y_, y, threshold_)};
      active_ = active;
      if (active) {
        enter(at, sink);
      } else {
        leave(at);
      }
    } else if (active && !confirmed_) {
      confirm();
    }
    previous_y_ = y;
    settle(sink);
  }

  /// The section ends at `end`, which is not before the last pushed centre unless limited.
  template <class Sink>
  BASNET_RT_HOST_DEVICE void finish(Position end, Sink&& sink) {
    if (state_ == State::kInside) leave(end);
    cut(sink);
    if (has_root_) emit(sink);
    state_ = State::kOutside;
  }

  /// Whether there is an interval that is not emitted yet, and its start; after a cut, the start of
  /// the rest.
  BASNET_RT_HOST_DEVICE bool is_open() const { return has_root_; }
  BASNET_RT_HOST_DEVICE Position open_start() const { return root_start_; }

  /// Whether loaded values can be the state after snippet `last`, with activation `y`, in a section
  /// that began at `first`.
  bool consistent(std::int64_t first, std::int64_t last, double y) const {
    const Position now{last, 0.0};
    const bool unconfirmed = state_ == State::kInside && !confirmed_;
    if (state_ != State::kOutside && state_ != State::kInside && state_ != State::kBridging) {
      return false;
    }
    if (index_ != last || previous_y_ != y) return false;
    if (unconfirmed && !(between(now, interval_start_, now))) return false;
    if (!has_root_) return state_ != State::kBridging && (state_ != State::kInside || unconfirmed);
    if (!between({first, -0.5}, root_start_, now)) return false;
    return (state_ == State::kInside && confirmed_) || between(root_start_, root_end_, now);
  }

  /// All fields except the settings, which the constructor takes.
  template <class Archive>
  void visit(Archive& archive) {
    archive.field(state_);
    archive.field(index_);
    archive.field(previous_y_);
    archive.field(active_);
    archive.field(has_root_);
    archive.field(cut_start_);
    archive.field(confirmed_);
    archive.field(interval_start_);
    archive.field(root_start_);
    archive.field(root_end_);
  }

 private:
  // kBridging: below the threshold, but a return within merge_gap would continue the interval.
  enum class State { kOutside, kInside, kBridging };

  template <class Sink>
  BASNET_RT_HOST_DEVICE void enter(Position at, Sink&& sink) {
    if (distance(at, limit_) <= 0.0) return;
    if (state_ == State::kBridging && !formulas::is_bridged(distance(root_end_, at), merge_gap_)) {
      cut(sink);
      emit(sink);
    }
    state_ = State::kInside;
    interval_start_ = at;
    confirmed_ = false;
    // A snippet that only touches the threshold makes an interval of no length: wait for more.
    if (distance(at, {index_, 0.0}) > 0.0) confirm();
  }

  BASNET_RT_HOST_DEVICE void confirm() {
    if (state_ != State::kInside) return;
    confirmed_ = true;
    if (has_root_) return;
    has_root_ = true;
    cut_start_ = false;
    root_start_ = interval_start_;
  }

  BASNET_RT_HOST_DEVICE void leave(Position at) {
    if (state_ != State::kInside) return;
    at = earlier(at, limit_);
    if (!confirmed_ && distance(interval_start_, at) > 0.0) confirm();
    if (confirmed_) root_end_ = at;
    state_ = has_root_ ? State::kBridging : State::kOutside;
  }

  template <class Sink>
  BASNET_RT_HOST_DEVICE void settle(Sink&& sink) {
    if (!has_root_) return;
    cut(sink);
    if (state_ != State::kBridging) return;
    if (!formulas::is_bridged(distance(root_end_, {index_, 0.0}), merge_gap_)) emit(sink);
  }

  // Emits whole pieces of max_duration as soon as the interval is known to continue after them.
  template <class Sink>
  BASNET_RT_HOST_DEVICE void cut(Sink&& sink) {
    if (!has_root_) return;
    const bool inside = state_ == State::kInside && confirmed_;
    const Position known = inside ? earlier({index_, 0.0}, limit_) : root_end_;
    while (distance(root_start_, known) > max_duration_) {
      const Position at = advance(root_start_, max_duration_);
      sink(Interval{root_start_, at, cut_start_, true});
      root_start_ = at;
      cut_start_ = true;
    }
  }

  template <class Sink>
  BASNET_RT_HOST_DEVICE void emit(Sink&& sink) {
    sink(Interval{root_start_, root_end_, cut_start_, false});
    has_root_ = false;
    if (state_ == State::kBridging) state_ = State::kOutside;
  }

  double threshold_;
  double merge_gap_;
  double max_duration_;
  Position limit_;

  State state_ = State::kOutside;
  std::int64_t index_ = 0;   // last snippet seen
  double previous_y_ = 0.0;  // its activation
  bool active_ = false;      // and whether that reaches the threshold
  bool has_root_ = false;    // root_start_ (and, while bridging, root_end_) stand for an interval
  bool cut_start_ = false;
  bool confirmed_ = false;  // the stretch since interval_start_ has positive length
  Position interval_start_;
  Position root_start_;
  Position root_end_;
};

}  // namespace basnet_rt
