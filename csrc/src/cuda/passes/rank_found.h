#pragma once

// The last passes: every video's detections in the order that is part of the contract.
//
//   found       [ video 0: c a b . . | video 1: e d . . . ]    as teams appended them
//   FillKeys      one thread per place: key = score, place = where it stands
//   sort          CUB, every video's places by falling key; equal keys lie side by side
//   WriteResults  one thread per place: its rank among equal keys by formulas/order.h, then the
//                 write; as many steps as there are keys equal to its own
//   result      [ a b c d e ]             begins = 0 3 5

#include <cstdint>

#include "cuda/passes/batch.h"
#include "formulas/formulas.h"
#include "formulas/order.h"

namespace basnet_rt::cuda {

/// The result, in memory of the caller that the device can write.
struct BatchResult {
  Outcome* outcome = nullptr;
  std::int64_t* begins = nullptr;  ///< (N + 1,) detections of videos before
  Segment* segments = nullptr;     ///< (N * max_detections,), of which begins[N] are set
  float* scores = nullptr;
  std::int32_t* labels = nullptr;
};

/// Keys of the sort by score; one thread per place in the list of a video.
struct FillKeys {
  BatchSettings settings;
  BatchWork work;
  double* keys = nullptr;
  std::int32_t* places = nullptr;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t video = i / settings.max_detections;
    const std::int64_t place = i % settings.max_detections;
    if (place >= work.found_counts[video]) return;
    keys[i] = work.found[i].score;
    places[i] = static_cast<std::int32_t>(place);
  }
};

/// The begin and the end of each video's list in the arrays that are sorted, and each list's size.
struct FillSegments {
  BatchSettings settings;
  BatchWork work;
  std::int64_t* begins = nullptr;  ///< (N,)
  std::int64_t* ends = nullptr;    ///< (N,)

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t video) const {
    const std::int64_t most = settings.max_detections;
    std::int64_t& count = work.found_counts[video];
    fetch_max(&work.outcome->most_found, count);
    count = count < most ? count : most;
    begins[video] = video * most;
    ends[video] = video * most + count;
  }
};

/// Puts equal scores into order and writes the results.
struct WriteResults {
  BatchSettings settings;
  BatchWork work;
  const double* keys = nullptr;          ///< sorted, falling
  const std::int32_t* places = nullptr;  ///< sorted with them
  BatchResult result;

  BASNET_RT_HOST_DEVICE void operator()(std::int64_t i) const {
    const std::int64_t video = i / settings.max_detections;
    const std::int64_t rank = i % settings.max_detections;
    const std::int64_t first = video * settings.max_detections;
    const std::int64_t count = work.found_counts[video];
    if (rank == 0) {
      result.begins[video] = work.found_begins[video];
      if (video + 1 == settings.num_videos) {
        result.begins[video + 1] = work.found_begins[video + 1];
        *result.outcome = *work.outcome;
      }
    }
    if (rank >= count) return;
    const Found& one = work.found[first + places[i]];
    const std::int64_t at = work.found_begins[video] + rank_of(i, first, first + count, one);
    result.labels[at] = one.label;
    result.scores[at] = formulas::shown_score(one.score);
    result.segments[at] = one.segment;
  }

 private:
  /// Equal scores lie side by side: those of them that come first are counted.
  BASNET_RT_HOST_DEVICE std::int64_t rank_of(std::int64_t i, std::int64_t begin, std::int64_t end,
                                             const Found& one) const {
    std::int64_t from = i;
    while (from > begin && keys[from - 1] == keys[i]) --from;
    std::int64_t before = from - begin;
    for (std::int64_t j = from; j < end && keys[j] == keys[i]; ++j) {
      before +=
          j != i && formulas::comes_first(work.found[begin + places[j]].rank(), one.rank()) ? 1 : 0;
    }
    return before;
  }
};

}  // namespace basnet_rt::cuda
