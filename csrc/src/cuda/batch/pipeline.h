#pragma once

// The passes of a batch, in order, for any launcher. A thread per ...:
//
//   videos  Reset                                FillSegments  sum
//   rows          CheckRows ScanRows  sum
//   roots                                Solve                      (a warp each)
//   places                                             FillKeys  sort  WriteResults
//
// A launcher runs `threads(count, body)`: body(i) for every i < count; `teams(items, scratch,
// body)`: body(team, arena, i) for every i < *items; running sums and the sort by score. On a GPU
// these are kernels and CUB (cuda/launch/cuda_launcher.cuh), in tests they are loops
// (tests/cpp/cuda/serial_launcher.h). Nothing waits for the device, and sizes that are computed
// there stay there.

#include <cstdint>

#include "cuda/batch/plan.h"
#include "cuda/passes/batch.h"
#include "cuda/passes/check_rows.h"
#include "cuda/passes/rank_found.h"
#include "cuda/passes/scan_rows.h"
#include "cuda/passes/solve_root.h"
#include "cuda/passes/solve_row.h"

namespace basnet_rt::cuda {

/// Clears the counters that the passes add to.
struct Reset {
  BatchSettings settings;
  BatchWork work;
  std::int64_t* num_rows = nullptr;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t video) const {
    work.found_counts[video] = 0;
    if (video > 0) return;
    *work.outcome = {kFine, 0, 0};
    *num_rows = settings.num_rows();
    work.root_counts[settings.num_rows()] = 0;
    work.found_counts[settings.num_videos] = 0;
  }
};

template <class Launcher>
void run_pipeline(Launcher& launch, const BatchSettings& settings, const BatchInput& input,
                  const Scratch& scratch, const BatchResult& result) {
  const BatchWork& work = scratch.work;
  const std::int64_t rows = settings.num_rows();
  launch.threads(settings.num_videos, Reset{settings, work, scratch.num_rows});
  launch.threads(rows, CheckRows{settings, input, work});
  if (settings.mode == Mode::kContinuous) {
    launch.threads(rows, ScanRows{settings, input, work});
    launch.running_sum(work.root_counts, work.root_begins, rows + 1, scratch);
    launch.teams(work.root_begins + rows, scratch, SolveRoots{settings, input, work});
  } else {
    launch.teams(scratch.num_rows, scratch, SolveRows{settings, input, work});
  }
  const SortWork& sort = scratch.sort;
  const std::int64_t listed = settings.num_videos * settings.max_detections;
  launch.threads(settings.num_videos, FillSegments{settings, work, sort.begins, sort.ends});
  launch.running_sum(work.found_counts, work.found_begins, settings.num_videos + 1, scratch);
  launch.threads(listed, FillKeys{settings, work, sort.keys, sort.places});
  launch.sort_falling(sort, listed, settings.num_videos);
  launch.threads(listed,
                 WriteResults{settings, work, sort.sorted_keys, sort.sorted_places, result});
}

}  // namespace basnet_rt::cuda
