#pragma once

// The passes of a step, in order, for any launcher (see batch/pipeline.h). Eleven passes for any
// number of streams. A thread per turn, row, root or final; in Solve a warp per root:
//
//   turns   BeginTurns                                                                     EndTurns
//   rows             CheckTurns AdvanceRows  sum  ListRoots                      CommitRows
//   roots                                                  OrderRoots Solve  sum
//   finals                                                              WriteFinals
//
// The first passes read the slots and the last passes write them. So a step that was short of
// memory can be repeated, and a turn with a bad value leaves its slot unchanged.

#include <cstdint>

#include "cuda/batch/plan.h"
#include "cuda/stream/advance.h"
#include "cuda/stream/begin.h"
#include "cuda/stream/solve.h"
#include "cuda/stream/step.h"

namespace basnet_rt::cuda {

/// @param scratch  slabs and temporary memory; its `work` holds the step's pool.
template <class Launcher>
void run_step(Launcher& launch, const Step& step, const Scratch& scratch) {
  const StepWork& work = step.work;
  const std::int64_t turns = step.sizes.num_turns;
  const std::int64_t rows = step.num_rows();
  const std::int64_t places = step.sizes.max_roots + 1;
  launch.threads(turns, BeginTurns{step});
  launch.threads(rows, CheckTurns{step});
  launch.threads(rows, AdvanceRows{step});
  launch.running_sum(work.root_counts, work.root_begins, rows + 1, scratch);
  launch.threads(rows, ListRoots{step});
  launch.threads(places, OrderRoots{step});
  launch.teams(work.num_listed, scratch, SolveFinalRoots{step});
  launch.running_sum(work.kept_counts, work.kept_begins, places, scratch);
  launch.threads(step.sizes.max_detections, WriteFinals{step});
  launch.threads(rows, CommitRows{step});
  launch.threads(turns, EndTurns{step});
}

}  // namespace basnet_rt::cuda
