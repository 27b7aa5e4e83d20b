#pragma once

// Gate kHorizon: video scores of the seconds that end with a root's last snippet.
//
//   raw CAS       class 0   1   2  background      a warp per root: one lane per column
//   begin             x     x   x      x           each goes down the horizon, `count` steps, with
//   a
//   ...               |     |   |      |           heap of the k largest: O(count log k)
//   last (of root)    v     v   v      v
//                   mean  mean mean  mean  ->  one lane: scores, gate

#include <cstdint>

#include "cuda/device/memory.h"
#include "cuda/passes/batch.h"
#include "formulas/video_score.h"

namespace basnet_rt::cuda {

/// Mean of the k largest of `count` values, summed in falling order as on the CPU.
///
/// @param at  at(n) is value n.
/// @param heap  (k,) entries of scratch: a heap with the least of the largest on top.
template <class At>
BASNET_RT_HOST_DEVICE double top_mean(const At& at, std::int64_t count, std::int64_t k,
                                      float* heap) {
  const auto sift_down = [heap](std::int64_t size) {
    std::int64_t i = 0;
    for (;;) {
      std::int64_t least = 2 * i + 1;
      if (least >= size) return;
      if (least + 1 < size && heap[least + 1] < heap[least]) ++least;
      if (heap[i] <= heap[least]) return;
      const float moved = heap[i];
      heap[i] = heap[least];
      heap[least] = moved;
      i = least;
    }
  };
  for (std::int64_t n = 0; n < count; ++n) {
    const float value = at(n);
    if (n < k) {  // sift up
      std::int64_t i = n;
      for (; i > 0 && heap[(i - 1) / 2] > value; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
      heap[i] = value;
    } else if (value > heap[0]) {
      heap[0] = value;
      sift_down(k);
    }
  }
  for (std::int64_t size = k - 1; size > 0; --size) {  // heap sort: falling order
    const float least = heap[0];
    heap[0] = heap[size];
    heap[size] = least;
    sift_down(size);
  }
  return formulas::mean_of_best(heap, k);
}

/// Score of `label` at snippet `last`; negative if the gate rejects it, or memory is short.
///
/// @param raw_cas  raw_cas(t, c): class c, or the background, at snippet t.
/// @param begin  first snippet of the horizon.
template <class Team, class RawCas>
BASNET_RT_HOST_DEVICE double horizon_score(const Team& team, Arena& arena, const RawCas& raw_cas,
                                           std::int64_t begin, std::int64_t last,
                                           std::int64_t label, const BatchSettings& settings) {
  const std::int64_t columns = settings.num_classes + 1;
  const std::int64_t count = last - begin + 1;
  const std::int64_t k = formulas::best_snippets(count, settings.topk_divisor);
  double* scores = arena.take<double>(team, columns);
  float* heaps = arena.take<float>(team, columns * k);
  if (scores == nullptr || heaps == nullptr) return -1.0;
  team.for_each(columns, [&](std::int64_t c) {
    const auto at = [&](std::int64_t n) { return raw_cas(begin + n, c); };
    scores[c] = top_mean(at, count, k, heaps + c * k);
  });
  return team.once([&] {
    formulas::means_to_scores(scores, columns, settings.score_function);
    const bool passes = settings.gate_rule().passes(scores, settings.num_classes, label);
    return passes ? scores[label] : -1.0;
  });
}

}  // namespace basnet_rt::cuda
