#pragma once

// Where a whole video begins and ends, and which snippet a root ends with.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>

#include "formulas/host_device.h"
#include "formulas/intervals.h"
#include "formulas/position.h"

namespace basnet_rt {

/// Section of a whole video: from 0 to `duration`, or to the end of its last snippet.
inline Section whole_section(std::int64_t num_snippets, double snippet_seconds,
                             std::optional<double> duration) {
  const std::int64_t last = num_snippets - 1;
  const double whole = static_cast<double>(num_snippets) * snippet_seconds;
  Section section;
  section.end_seconds = duration.value_or(whole);
  // Without a duration, and with the default one, the end is half a snippet after the last centre.
  if (section.end_seconds == whole) {
    section.end = {last, 0.5};
    return section;
  }
  const double end = section.end_seconds / snippet_seconds - 0.5;
  const auto index =
      static_cast<std::int64_t>(std::clamp(std::floor(end), 0.0, static_cast<double>(last)));
  section.end = {index, end - static_cast<double>(index)};
  return section;
}

/// Snippets of `section` that are looked at: those past the video's end are of use only for the
/// line that crosses it.
inline std::int64_t used_snippets(std::int64_t num_snippets, const Section& section) {
  return std::min(num_snippets, section.end.index + 2);
}

/// Last snippet whose centre lies before the end of `root`, but at least the section's first.
BASNET_RT_HOST_DEVICE inline std::int64_t last_snippet(const Interval& root,
                                                       const Section& section) {
  const std::int64_t before_end = root.end.index + to_index(std::ceil(root.end.offset) - 1.0);
  return std::max(section.first,
                  section.ended() ? std::min(before_end, section.end.index) : before_end);
}

}  // namespace basnet_rt
