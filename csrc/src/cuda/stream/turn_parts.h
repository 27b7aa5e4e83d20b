#pragma once

// Turns longer than a step takes, in several steps. Host only.

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include "basnet_rt/stream_backend.h"

namespace basnet_rt::cuda {

/// Rows [done, done + max_rows) of a turn; its mark comes with the last.
inline StreamTurn part_of(const StreamTurn& turn, std::int64_t done, std::int64_t max_rows) {
  StreamTurn part = turn;
  part.first_row += done;
  part.num_rows = std::min(max_rows, turn.num_rows - done);
  if (done > 0) part.fresh = false;
  if (turn.num_rows - done <= max_rows) return part;
  part.mark = StreamMark::kNone;
  part.gap = 0;
  part.duration = std::nullopt;
  return part;
}

/// @param step  step(parts): results by part. A turn ends with its first error.
template <class OneStep>
std::vector<StreamTurnResult> step_in_parts(const std::vector<StreamTurn>& turns,
                                            std::int64_t max_rows, const OneStep& step) {
  std::vector<StreamTurnResult> results(turns.size());
  std::vector<std::size_t> open(turns.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  for (std::int64_t done = 0; !open.empty(); done += max_rows) {
    std::vector<StreamTurn> parts;
    for (const std::size_t i : open) parts.push_back(part_of(turns[i], done, max_rows));
    const std::vector<StreamTurnResult> found = step(parts);
    std::vector<std::size_t> left;
    for (std::size_t k = 0; k < open.size(); ++k) {
      StreamTurnResult& result = results[open[k]];
      result.finals.append(found[k].finals);
      result.num_snippets = found[k].num_snippets;
      result.error = found[k].error;
      if (!result.error && turns[open[k]].num_rows - done > max_rows) left.push_back(open[k]);
    }
    open = std::move(left);
  }
  return results;
}

}  // namespace basnet_rt::cuda
