#pragma once

// Sections: unbroken stretches of video, their begin and end, and the snippets in use.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "formulas/formulas.h"
#include "formulas/host_device.h"
#include "formulas/position.h"

namespace basnet_rt {

/// One unbroken stretch of video: activations exist from snippet `first` on, are constant before
/// the first centre and after the last, and end at `end`.
struct Section {
  std::int64_t first = 0;  ///< starts half a snippet before this centre
  Position end = kNever;   ///< kNever while a stream goes on
  double end_seconds = 0.0;

  BASNET_RT_HOST_DEVICE Position begin() const { return {first, -0.5}; }
  BASNET_RT_HOST_DEVICE bool ended() const { return end.index != kNever.index; }

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(first);
    archive.field(end);
    archive.field(end_seconds);
  }
};

/// Activations y[first], y[first + 1], ... y[first + count - 1] of one class, float64.
struct ClassRow {
  const double* values = nullptr;
  std::int64_t first = 0;
  std::int64_t count = 0;

  BASNET_RT_HOST_DEVICE double operator[](std::int64_t index) const {
    return values[index - first];
  }
  BASNET_RT_HOST_DEVICE std::int64_t last() const { return first + count - 1; }
};

/// Snippets that a stream can have, gaps included.
inline constexpr std::int64_t kMostSnippets = std::numeric_limits<std::int64_t>::max() / 8;

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

/// Snippets of `section` that are used: beyond the video's end, only those needed for the line that
/// crosses it.
inline std::int64_t used_snippets(std::int64_t num_snippets, const Section& section) {
  return std::min(num_snippets, section.end.index + 2);
}

/// `section` of a stream whose last snippet is `last`, closed at `end_seconds`. Without that, or if
/// it is the end of the last snippet, the section ends half a snippet after the last centre.
BASNET_RT_HOST_DEVICE inline Section closed_section(Section section, std::int64_t last,
                                                    double snippet_seconds, bool has_end,
                                                    double end_seconds) {
  section.end = {last, 0.5};
  section.end_seconds = formulas::to_seconds(last, 0.5, snippet_seconds);
  if (has_end && end_seconds != section.end_seconds) {
    section.end_seconds = end_seconds;
    section.end.offset = end_seconds / snippet_seconds - 0.5 - static_cast<double>(last);
  }
  return section;
}

/// Last snippet whose centre lies before a root's end, but at least the section's first.
BASNET_RT_HOST_DEVICE inline std::int64_t last_snippet(Position root_end, const Section& section) {
  const std::int64_t before_end = root_end.index + to_index(std::ceil(root_end.offset) - 1.0);
  return std::max(section.first,
                  section.ended() ? std::min(before_end, section.end.index) : before_end);
}

}  // namespace basnet_rt
