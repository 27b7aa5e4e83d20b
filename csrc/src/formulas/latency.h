#pragma once

#include <algorithm>
#include <cstdint>

namespace basnet_rt::formulas {

/// Decision latency: seconds of stream from a detection's end to the end of the snippet whose
/// arrival made it final.
///
/// @param decided  the snippet that decided, an index of activations.
/// @param ahead  later snippets that the network needs to compute one.
/// @param arrived  snippets of the stream so far, gaps included.
/// @param end  of the detection, in seconds.
inline double decision_latency(std::int64_t decided, std::int64_t ahead, std::int64_t arrived,
                               double snippet_seconds, double end) {
  const std::int64_t seen = std::min(decided + 1 + ahead, arrived);
  return static_cast<double>(seen) * snippet_seconds - end;
}

}  // namespace basnet_rt::formulas
