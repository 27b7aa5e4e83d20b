#pragma once

// Merges intervals of one threshold that are closer than `merge_gap`.

#include <algorithm>

#include "formulas/host_device.h"
#include "formulas/root_window.h"

namespace basnet_rt {

enum class Joined { kTouch, kLonger, kNew };

/// Takes the next interval of a level, left to right. An interval without length is dropped. One
/// closer to `last` than the merge gap extends `last`. Any other is new, and the caller keeps it.
///
/// @param span  is cut at the section's end.
/// @param last  the interval before it; null: there is none.
BASNET_RT_HOST_DEVICE inline Joined join_level(Span& span, Span* last, double section_end,
                                               double merge_gap) {
  span.end = std::min(span.end, section_end);
  if (!(span.end > span.start)) return Joined::kTouch;
  if (last == nullptr || !formulas::is_bridged(span.start - last->end, merge_gap)) {
    return Joined::kNew;
  }
  last->end = span.end;
  return Joined::kLonger;
}

}  // namespace basnet_rt
