#pragma once

// First passes of a step: each turn is combined with its slot, and its new values are checked.
//
//   BeginTurns   one thread per turn (B): slot + turn -> TurnState (first, begin, next, closed)
//   CheckTurns   one thread per row (B * C): goes down its column of the new rows, num_rows steps;
//                neighbours read neighbouring floats; turn.code = least code of a bad value
//                (atomic)

#include <cmath>
#include <cstdint>

#include "cuda/passes/check_rows.h"
#include "cuda/stream/step.h"
#include "formulas/formulas.h"
#include "formulas/video_section.h"

namespace basnet_rt::cuda {

/// Code of a bad value in a turn of `num_rows` rows: snippets of the activations first, then of the
/// raw CAS. The least code wins.
struct BadInput {
  InputArray array = InputArray::kCas;
  std::int64_t row = 0;
  std::int64_t column = 0;
  BadKind kind = BadKind::kNaN;

  BASNET_RT_HOST_DEVICE std::int64_t code(std::int64_t num_rows, std::int64_t num_columns) const {
    const std::int64_t array_index = array == InputArray::kCas ? 0 : 1;
    const std::int64_t place = ((array_index * num_rows + row) * num_columns + column) * 4;
    return static_cast<std::int64_t>(TurnFault::kCount) + place + static_cast<std::int64_t>(kind);
  }

  static BadInput decode(std::int64_t code, std::int64_t num_rows, std::int64_t num_columns) {
    const std::int64_t rest = code - static_cast<std::int64_t>(TurnFault::kCount);
    const std::int64_t row = rest / 4 / num_columns;
    return {row < num_rows ? InputArray::kCas : InputArray::kRawCas, row % num_rows,
            rest / 4 % num_columns, static_cast<BadKind>(rest % 4)};
  }
};

/// One thread per turn.
struct BeginTurns {
  Step step;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    if (index == 0) {
      *step.work.outcome = {};
      step.work.root_counts[step.num_rows()] = 0;
    }
    TurnState turn;
    turn.input = step.inputs[index];
    const TurnInput& input = turn.input;
    const SlotState held = step.settings.state.slots[input.slot];
    const SlotState slot = input.fresh != 0 ? SlotState{} : held;
    turn.first = slot.first;
    turn.begin = slot.next;
    turn.next = slot.next + input.num_rows;
    // Nothing closes if there was no snippet since the start or the last gap.
    if (input.mark != StreamMark::kNone && turn.next > turn.first && slot.finished == 0) {
      turn.closes = 1;
      turn.closed =
          closed_section(Section{turn.first}, turn.next - 1, step.settings.limits.snippet_seconds,
                         input.has_duration != 0, input.duration);
    }
    turn.code = fault(turn, slot);
    step.work.turns[index] = turn;
  }

 private:
  BASNET_RT_HOST_DEVICE std::int64_t fault(const TurnState& turn, const SlotState& slot) const {
    const TurnInput& input = turn.input;
    const auto code = [](TurnFault what) { return static_cast<std::int64_t>(what); };
    const bool asks = input.mark == StreamMark::kPending;
    if (slot.finished != 0 && !asks && input.fresh == 0) return code(TurnFault::kFinished);
    if (input.num_rows > step.rows.num_rows - input.first_row) return code(TurnFault::kNoRows);
    if (input.mark == StreamMark::kGap && input.gap > kMostSnippets - turn.next) {
      return code(TurnFault::kLongGap);
    }
    if (input.has_duration != 0 &&
        input.duration <
            formulas::to_seconds(turn.next - 1, 0.0, step.settings.limits.snippet_seconds)) {
      return code(TurnFault::kShortDuration);
    }
    return kFine;
  }
};

/// One thread per row: neighbours are neighbouring classes, so loads are coalesced.
struct CheckTurns {
  Step step;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t index) const {
    const std::int64_t classes = step.settings.num_classes();
    const std::int64_t label = index % classes;
    TurnState& turn = step.work.turns[index / classes];
    const TurnInput& input = turn.input;
    if (input.num_rows > step.rows.num_rows - input.first_row) return;
    const std::int64_t stride = step.rows.row_stride;
    check_column(turn, step.rows.activations + input.first_row * stride + label, stride,
                 InputArray::kCas, label);
    if (!step.settings.keeps_raw()) return;
    const float* raw = step.rows.raw_cas + input.first_row * (classes + 1);
    check_column(turn, raw + label, classes + 1, InputArray::kRawCas, label);
    if (label > 0) return;
    check_column(turn, raw + classes, classes + 1, InputArray::kRawCas, classes);
  }

 private:
  BASNET_RT_HOST_DEVICE void check_column(TurnState& turn, const float* x, std::int64_t stride,
                                          InputArray array, std::int64_t column) const {
    const std::int64_t rows = turn.input.num_rows;
    for (std::int64_t t = 0; t < rows; ++t, x += stride) {
      if (std::isfinite(*x)) continue;
      const BadInput bad{array, t, column, kind_of(*x)};
      fetch_min(&turn.code, bad.code(rows, step.settings.num_classes() + 1));
      return;
    }
  }
};

}  // namespace basnet_rt::cuda
