#pragma once

// Positions in a video, in snippets, with a precision that does not depend on a stream's length.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "formulas/host_device.h"

namespace basnet_rt {

/// `offset` snippets after the centre of snippet `index`. The offset stays small, so differences
/// are as exact after a week as in the first second.
struct Position {
  std::int64_t index = 0;
  double offset = 0.0;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(index);
    archive.field(offset);
  }
};

inline constexpr Position kNever{std::numeric_limits<std::int64_t>::max() / 2, 0.0};

/// Snippets from `from` to `to`; negative if `to` comes first.
BASNET_RT_HOST_DEVICE inline double distance(Position from, Position to) {
  return static_cast<double>(to.index - from.index) + (to.offset - from.offset);
}

/// Whole snippets as an index. Settings may be larger than an index can hold, so the value is
/// limited to 1e15, which is a hundred million days of snippets.
BASNET_RT_HOST_DEVICE inline std::int64_t to_index(double whole) {
  return static_cast<std::int64_t>(std::clamp(whole, -1e15, 1e15));
}

/// `position` moved by `snippets`, offset brought back to [0, 1).
BASNET_RT_HOST_DEVICE inline Position advance(Position position, double snippets) {
  const double offset = position.offset + snippets;
  const double whole = std::floor(offset);
  return {position.index + to_index(whole), offset - whole};
}

BASNET_RT_HOST_DEVICE inline Position earlier(Position a, Position b) {
  return distance(a, b) >= 0.0 ? a : b;
}

/// Whether `position` lies in [from, to]; false for values that no computation gives.
inline bool between(Position from, Position position, Position to) {
  return position.index >= from.index - 1 && position.index <= to.index + 1 &&
         distance(from, position) >= 0.0 && distance(position, to) >= 0.0;
}

}  // namespace basnet_rt
