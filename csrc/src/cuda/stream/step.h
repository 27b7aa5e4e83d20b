#pragma once

// Streams in kernels: settings, the slots' state, one step's work. Plain structs, copied to the
// device unchanged. A row is one class of a turn; a slot's rows are its classes.
//
//   slots on the device             a step: B turns, each with new snippets for one slot
//   slot 0  next first | C rows     turn 0 -> slot 4, snippets [t, t + 2)
//   slot 1  ...                     turn 1 -> slot 0, snippets [u, u + 1), then a gap
//   ...
//   one class of a slot:  scanner, waiting roots, and rings of the latest values
//     y ring   place  0  1  2  3  4      snippet t lies at place t % size
//                     5  6  7  3  4  <-  latest is 7; those older than size - max_rows may be gone

#include <cstdint>

#include "basnet_rt/cuda_streams.h"
#include "cuda/device/memory.h"
#include "cuda/passes/batch.h"
#include "formulas/intervals.h"
#include "formulas/position.h"
#include "formulas/root_window.h"

namespace basnet_rt::cuda {

/// A stream between two steps. All zero: a new stream.
struct SlotState {
  std::int64_t next = 0;      ///< index of the snippet to come
  std::int64_t first = 0;     ///< of the section: since the start or the last gap
  std::int64_t finished = 0;  ///< 1: accepts no more snippets
};

/// One class of a stream between two steps; looked at once its section has a snippet.
struct RowState {
  IntervalScanner scanner;
  std::int64_t num_waiting;  ///< roots that have closed, and whose flank has not been seen
  // Normalisation kHorizon: the extremes of the window, each the latest of its kind.
  std::int64_t least_at;
  std::int64_t largest_at;
  float least;
  float largest;
};

/// The slots' memory. Rings hold the latest snippets, snippet t at place t % size. Values after
/// `next` are not valid, so a repeated step can write there again.
struct StreamSlots {
  SlotState* slots = nullptr;   ///< (S,)
  RowState* rows = nullptr;     ///< (S, C)
  Interval* waiting = nullptr;  ///< (S, C, max_waiting)
  double* y = nullptr;          ///< (S, y_ring, C) normalised
  float* x = nullptr;           ///< (S, x_ring, C) as they came; normalisation kHorizon
  float* raw = nullptr;         ///< (S, raw_ring, C+1); gate kHorizon
};

/// Settings of all streams; arrays lie on the device.
struct SlotSettings {
  BatchSettings common;  ///< without videos
  RootLimits limits;
  std::int64_t horizon = 1;  ///< snippets
  std::int64_t max_waiting = 0;
  std::int64_t y_ring = 0;
  std::int64_t x_ring = 0;
  std::int64_t raw_ring = 0;
  StreamSlots state;

  BASNET_RT_HOST_DEVICE std::int64_t num_classes() const { return common.num_classes; }
  BASNET_RT_HOST_DEVICE bool slides() const {
    return common.normalisation == Normalisation::kHorizon;
  }
  BASNET_RT_HOST_DEVICE bool keeps_raw() const { return common.gate == Gate::kHorizon; }

  BASNET_RT_HOST_DEVICE double* y_of(std::int64_t slot) const {
    return state.y + slot * y_ring * num_classes();
  }
  BASNET_RT_HOST_DEVICE float* x_of(std::int64_t slot) const {
    return state.x + slot * x_ring * num_classes();
  }
  BASNET_RT_HOST_DEVICE float* raw_of(std::int64_t slot) const {
    return state.raw + slot * raw_ring * (num_classes() + 1);
  }
};

/// A StreamTurn as kernels read it.
struct TurnInput {
  std::int64_t slot = 0;
  std::int64_t first_row = 0;
  std::int64_t num_rows = 0;
  std::int64_t gap = 0;
  double duration = 0.0;
  std::uint8_t has_duration = 0;
  std::uint8_t fresh = 0;
  StreamMark mark = StreamMark::kNone;
};

/// Faults of a turn as a whole; codes of bad values come after these.
enum class TurnFault : std::int64_t { kFinished, kNoRows, kLongGap, kShortDuration, kCount };

/// A turn with what it found in its slot.
struct TurnState {
  TurnInput input;
  std::int64_t first = 0;   ///< of the section
  std::int64_t begin = 0;   ///< first new snippet
  std::int64_t next = 0;    ///< after the new ones
  std::int64_t code = 0;    ///< kFine, a TurnFault, or a bad value; the least
  std::int64_t closes = 0;  ///< 1: the section ends here, and has a snippet
  Section closed;           ///< it then
};

/// A root whose detections become final.
struct FinalRoot {
  Interval root;
  std::int64_t row = 0;      ///< of the step
  std::int64_t decided = 0;  ///< snippet that decides, or the count of snippets
  std::int64_t place = 0;    ///< among all roots of the step, in the order of finals
};

/// A detection of a root; those of one root lie side by side, best first.
struct FoundFinal {
  double score = 0.0;
  Segment segment;
  std::int64_t root = 0;  ///< index into the listed roots
};

/// Memory that a step needed; if more than it had, nothing was committed.
struct StepOutcome {
  std::int64_t num_roots = 0;
  std::int64_t num_found = 0;
  std::int64_t pool_used = 0;
  std::int64_t waiting_short = 0;  ///< 1: a class had more waiting roots than can be; never seen
};

/// Sizes of a step.
struct StepSizes {
  std::int64_t num_turns = 0;
  std::int64_t max_roots = 0;
  std::int64_t max_detections = 0;
};

/// Everything between turns and results, in the caller's scratch memory.
struct StepWork {
  StepOutcome* outcome = nullptr;
  std::int64_t* num_listed = nullptr;    ///< roots in `roots`: all, or none where they do not fit
  TurnState* turns = nullptr;            ///< (B,)
  RowState* rows = nullptr;              ///< (B, C) the slots' rows after the step
  Interval* waiting = nullptr;           ///< (B, C, max_waiting) their waiting roots
  std::int64_t* root_counts = nullptr;   ///< (B * C + 1,), the last is 0
  std::int64_t* root_begins = nullptr;   ///< (B * C + 1,) running sum
  FinalRoot* roots = nullptr;            ///< (max_roots,) row by row
  std::int64_t* kept_counts = nullptr;   ///< (max_roots + 1,) by place
  std::int64_t* kept_begins = nullptr;   ///< (max_roots + 1,) running sum
  std::int64_t* found_firsts = nullptr;  ///< (max_roots,) by place: into `found`
  FoundFinal* found = nullptr;           ///< (max_detections,)
  Pool pool;
};

/// One turn's part of the answer.
struct TurnOutcome {
  std::int64_t slot = 0;
  std::int64_t code = 0;
  std::int64_t begin = 0;         ///< snippet from which a bad value's row counts
  std::int64_t num_rows = 0;      ///< that its code was made with
  std::int64_t num_snippets = 0;  ///< of the slot, afterwards
  std::int64_t first_final = 0;
  std::int64_t num_finals = 0;
  std::int64_t pending = 0;  ///< 1: of a turn that only asked
};

/// The answer, in memory of the caller's that the device can write.
struct StepResult {
  StepOutcome* outcome = nullptr;
  TurnOutcome* turns = nullptr;     ///< (B,)
  Segment* segments = nullptr;      ///< (max_detections,)
  double* scores = nullptr;         ///< (max_detections,)
  std::int64_t* decided = nullptr;  ///< (max_detections,)
  std::int32_t* labels = nullptr;   ///< (max_detections,)
};

/// All that the passes of a step need; every pass holds a copy.
struct Step {
  SlotSettings settings;
  StepSizes sizes;
  DeviceRows rows;
  const TurnInput* inputs = nullptr;  ///< (B,)
  StepWork work;
  StepResult result;

  BASNET_RT_HOST_DEVICE std::int64_t num_rows() const {
    return sizes.num_turns * settings.num_classes();
  }
  BASNET_RT_HOST_DEVICE bool lists_roots() const {
    return work.root_begins[num_rows()] <= sizes.max_roots;
  }
  /// Whether the memory was enough; valid after all roots are solved.
  BASNET_RT_HOST_DEVICE bool is_whole() const {
    const StepOutcome& outcome = *work.outcome;
    return lists_roots() && outcome.num_found <= sizes.max_detections &&
           outcome.pool_used <= work.pool.size && outcome.waiting_short == 0;
  }
};

}  // namespace basnet_rt::cuda
