#pragma once

// The bytes of a saved post-processing stream, for both backends: the CPU keeps its streams in this
// form, and the CUDA backend converts a slot to it and back.
//
//   "BRTS" version size checksum     archive::seal
//   config num_classes snippet_seconds
//   finished
//   a StreamState; or, if settings need the whole video, a cpu::Recording

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

#include "basnet_rt/config_fields.h"
#include "formulas/intervals.h"
#include "formulas/position.h"
#include "formulas/sliding_range.h"
#include "formulas/video_section.h"

namespace basnet_rt::saved {

inline constexpr std::string_view kStreamKind = "BRTS";
inline constexpr std::uint32_t kStreamVersion = 1;

template <class Archive>
void visit_config(Archive& archive, PostprocessConfig& config) {
  for_each_field([&](const auto& field) {
    auto& value = config.*field.member;
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::vector<double>>) {
      archive.sequence(value);
    } else {
      archive.field(value);
    }
  });
}

/// The settings that must be the same when a saved stream continues.
template <class Archive>
void visit_stream_settings(Archive& archive, PostprocessConfig& config, std::int64_t& num_classes,
                           double& snippet_seconds) {
  visit_config(archive, config);
  archive.field(num_classes);
  archive.field(snippet_seconds);
}

/// A root that has closed; it is solved once `ready` has been seen.
struct WaitingRoot {
  Interval root;
  double video_term = 0.0;
  Position ready;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(root);
    archive.field(video_term);
    archive.field(ready);
  }
};

/// One class of a stream between two snippets.
struct ClassState {
  IntervalScanner scanner{0.0, 0.0, 0.0};
  SlidingRange window{1};  ///< normalisation kHorizon
  std::vector<double> y;   ///< normalised, of snippets base, base + 1, ...
  std::vector<WaitingRoot> waiting;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(scanner);
    archive.field(window);
    archive.sequence(y);
    archive.sequence(waiting);
  }
};

/// A stream between two snippets. The number of classes is not part of it: it must be set before.
struct StreamState {
  static constexpr std::int64_t kFirstTrim = 256;

  Section section;
  std::int64_t next = 0;              ///< index of the snippet to come
  std::int64_t base = 0;              ///< index of the first one kept
  std::int64_t trim_at = kFirstTrim;  ///< number kept at which unneeded snippets are dropped
  std::vector<float> raw;             ///< rows of C+1 from `base` on; gate kHorizon
  std::vector<ClassState> classes;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(section);
    archive.field(next);
    archive.field(base);
    archive.field(trim_at);
    archive.sequence(raw);
    for (ClassState& one : classes) archive.field(one);
  }
};

}  // namespace basnet_rt::saved
