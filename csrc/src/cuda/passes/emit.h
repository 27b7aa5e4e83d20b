#pragma once

// From verdicts to the video's list of detections.
//
//   verdicts of a team's candidates   K D D K D K         a warp per root (or row)
//                                     |     |   |         count: one vote per 32 candidates
//   found of the video   ... [other teams] a b c ...      one atomic add takes three places

#include <cstdint>

#include "cuda/device/memory.h"
#include "cuda/passes/batch.h"
#include "cuda/passes/select.h"

namespace basnet_rt::cuda {

/// Appends the kept candidates to the video's list in any order; the last sort orders them.
template <class Team>
BASNET_RT_HOST_DEVICE void emit(const Team& team, const Candidates& all, Row row,
                                const BatchSettings& settings, const BatchWork& work) {
  const auto kept = [&](std::int64_t i) { return all.verdicts[i] == Verdict::kKept; };
  const std::int64_t count = team.count(all.count, kept);
  if (count == 0) return;
  const std::int64_t first =
      team.once([&] { return fetch_add(&work.found_counts[row.video], count); });
  Found* list = work.found + row.video * settings.max_detections;
  team.compact(all.count, kept, [&](std::int64_t i, std::int64_t rank) {
    if (first + rank >= settings.max_detections) return;  // the host checks the count
    list[first + rank] = {all.scores[i], all.segments[i], static_cast<std::int32_t>(row.label),
                          static_cast<std::int32_t>(all.level_of(i))};
  });
}

}  // namespace basnet_rt::cuda
