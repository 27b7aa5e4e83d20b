#include "cuda/stream/turns.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>

#include "cuda/stream/begin.h"
#include "formulas/formulas.h"
#include "formulas/order.h"
#include "settings/validate.h"

namespace basnet_rt::cuda {
namespace {

void check_turn(const StreamTurn& turn, const StreamPlan& plan) {
  const std::int64_t most_rows = turn.mark == StreamMark::kPending ? 0 : plan.shape().max_rows;
  if (turn.slot < 0 || turn.slot >= plan.num_slots()) {
    fail("slot is " + std::to_string(turn.slot) + "; it must be from 0 to " +
         std::to_string(plan.num_slots() - 1));
  }
  if (turn.num_rows < 0 || turn.num_rows > most_rows) {
    fail("num_rows is " + std::to_string(turn.num_rows) + "; it must be from 0 to " +
         std::to_string(most_rows));
  }
  if (turn.first_row < 0) {
    fail("first_row is " + std::to_string(turn.first_row) + "; it must be at least 0");
  }
  if (turn.mark > StreamMark::kPending) {
    fail("mark is number " + std::to_string(static_cast<int>(turn.mark)) + "; the last one is 3");
  }
  if (turn.mark == StreamMark::kGap && turn.gap < 1) {
    fail("gap is " + std::to_string(turn.gap) + "; a gap is of at least one snippet");
  }
  if (turn.duration && turn.mark != StreamMark::kFinish) {
    fail("duration is given, and the stream does not end with this turn");
  }
  if (turn.duration) check_positive_seconds(*turn.duration, "duration");
}

TurnInput input_of(const StreamTurn& turn) {
  TurnInput input;
  input.slot = turn.slot;
  input.first_row = turn.num_rows > 0 ? turn.first_row : 0;
  input.num_rows = turn.num_rows;
  input.gap = turn.gap;
  input.duration = turn.duration.value_or(0.0);
  input.has_duration = turn.duration ? 1 : 0;
  input.fresh = turn.fresh ? 1 : 0;
  input.mark = turn.mark;
  return input;
}

const char* text_of(BadKind kind) {
  return kind == BadKind::kNaN ? "nan" : kind == BadKind::kInfinity ? "inf" : "-inf";
}

Error error_of(const TurnOutcome& turn, std::int64_t num_classes) {
  const std::string where = "slot " + std::to_string(turn.slot) + ": ";
  switch (static_cast<TurnFault>(turn.code)) {
    case TurnFault::kFinished:
      return Error(ErrorCode::kInvalidState, where +
                                                 "push after finish; the slot needs a fresh "
                                                 "stream");
    case TurnFault::kNoRows:
      return Error(ErrorCode::kInvalidArgument, where + "its turn takes " +
                                                    std::to_string(turn.num_rows) +
                                                    " rows from beyond the end of the activations");
    case TurnFault::kLongGap:
      return Error(ErrorCode::kInvalidArgument, where +
                                                    "the gap is too long; a stream has at most " +
                                                    std::to_string(kMostSnippets) + " snippets");
    case TurnFault::kShortDuration:
      return Error(ErrorCode::kInvalidArgument,
                   where + "duration ends before the centre of the last snippet, of " +
                       std::to_string(turn.begin + turn.num_rows));
    case TurnFault::kCount:
      break;
  }
  const BadInput bad = BadInput::decode(turn.code, turn.num_rows, num_classes + 1);
  return Error(ErrorCode::kInvalidArgument,
               where + (bad.array == InputArray::kCas ? "activations[" : "cas[") +
                   std::to_string(turn.begin + bad.row) + ", " + std::to_string(bad.column) +
                   "] is " + text_of(bad.kind) + "; activations must be finite");
}

// The order of StreamPostprocessor::pending: by falling score. Finals of one root are ordered
// already, so ties that only the threshold tells apart stay as they are.
void rank(const StepResult& result, std::vector<std::int64_t>& order) {
  std::stable_sort(order.begin(), order.end(), [&result](std::int64_t a, std::int64_t b) {
    return formulas::comes_first({result.scores[a], result.segments[a], result.labels[a]},
                                 {result.scores[b], result.segments[b], result.labels[b]});
  });
}

StreamDetections finals_of(const StepResult& result, const TurnOutcome& turn) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(turn.num_finals));
  std::iota(order.begin(), order.end(), turn.first_final);
  if (turn.pending != 0) rank(result, order);
  StreamDetections finals;
  for (const std::int64_t i : order) {
    finals.labels.push_back(result.labels[i]);
    finals.scores.push_back(formulas::shown_score(result.scores[i]));
    finals.segments.push_back(result.segments[i]);
    finals.decided.push_back(result.decided[i]);
  }
  return finals;
}

}  // namespace

std::vector<TurnInput> checked_turns(const std::vector<StreamTurn>& turns, const StreamPlan& plan) {
  std::vector<TurnInput> inputs;
  std::vector<char> taken(static_cast<std::size_t>(plan.num_slots()));
  for (std::size_t i = 0; i < turns.size(); ++i) {
    try {
      check_turn(turns[i], plan);
      char& mine = taken[static_cast<std::size_t>(turns[i].slot)];
      if (mine != 0) {
        fail("slot is " + std::to_string(turns[i].slot) +
             ", which has a turn in this step already");
      }
      mine = 1;
    } catch (const Error& error) {
      throw Error(error.code(), "turns[" + std::to_string(i) + "]: " + error.what());
    }
    inputs.push_back(input_of(turns[i]));
  }
  return inputs;
}

void check_rows(const DeviceRows& rows, const StreamPlan& plan) {
  if (rows.num_rows < 0) {
    fail("num_rows is " + std::to_string(rows.num_rows) + "; it must be at least 0");
  }
  if (rows.num_rows == 0) return;
  if (rows.activations == nullptr) fail("activations is null");
  if (rows.row_stride < plan.num_classes()) {
    fail("row_stride is " + std::to_string(rows.row_stride) + "; it must be at least " +
         std::to_string(plan.num_classes()) + ", the number of classes");
  }
  if (plan.shape().config.gate == Gate::kHorizon && rows.raw_cas == nullptr) {
    fail("cas is None; gate \"horizon\" needs the raw CAS (N, C+1) with its background column");
  }
}

std::optional<CudaStreamLimits> stream_shortage(const StepResult& result,
                                                const CudaStreamLimits& given) {
  const StepOutcome& outcome = *result.outcome;
  if (outcome.waiting_short != 0) {
    throw Error(ErrorCode::kInvalidState,
                "a class has more open roots than its settings allow; nothing was changed");
  }
  CudaStreamLimits needed = given;
  needed.max_roots = std::max(given.max_roots, outcome.num_roots);
  needed.max_detections = std::max(given.max_detections, outcome.num_found);
  // The count stops when memory runs out, so request more than that.
  if (outcome.pool_used > given.pool_bytes) needed.pool_bytes = 2 * outcome.pool_used;
  const bool enough = needed.max_roots == given.max_roots &&
                      needed.max_detections == given.max_detections &&
                      needed.pool_bytes == given.pool_bytes;
  return enough ? std::nullopt : std::optional(needed);
}

std::vector<StreamTurnResult> read_turns(const StepResult& result, std::int64_t num_turns,
                                         const StreamPlan& plan, const CudaStreamLimits& given) {
  if (stream_shortage(result, given)) {
    throw Error(ErrorCode::kInvalidState,
                "the step needed more memory than it was given; ask `shortage` how much");
  }
  std::vector<StreamTurnResult> turns(static_cast<std::size_t>(num_turns));
  for (std::size_t i = 0; i < turns.size(); ++i) {
    const TurnOutcome& turn = result.turns[i];
    turns[i].num_snippets = turn.num_snippets;
    if (turn.code == kFine) {
      turns[i].finals = finals_of(result, turn);
    } else {
      turns[i].error = error_of(turn, plan.num_classes());
    }
  }
  return turns;
}

}  // namespace basnet_rt::cuda
