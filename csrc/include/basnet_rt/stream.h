#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/types.h"

namespace basnet_rt {

/// Detections that became final, in this order: by (deciding snippet, label, start of the root,
/// score falling). The order does not depend on the size of the chunks.
struct StreamDetections {
  std::vector<std::int64_t> labels;
  std::vector<float> scores;
  std::vector<Segment> segments;
  /// The snippet whose arrival made each final; if `finish` did, the number of snippets.
  std::vector<std::int64_t> decided;

  std::size_t size() const { return labels.size(); }
  /// Appends detections that became final later.
  void append(const StreamDetections& more) {
    labels.insert(labels.end(), more.labels.begin(), more.labels.end());
    scores.insert(scores.end(), more.scores.begin(), more.scores.end());
    segments.insert(segments.end(), more.segments.begin(), more.segments.end());
    decided.insert(decided.end(), more.decided.begin(), more.decided.end());
  }
};

/// Post-processing of one stream, chunk by chunk, with the same results as `postprocess`.
///
/// A root's detections become final once the root has closed and its right flank has been seen. A
/// final detection is never changed or withdrawn. Snippet indices are absolute and never restart.
///
/// Memory is bounded if max_duration is finite. Without it, or with normalisation or gate kVideo,
/// everything since the start (or the last gap) is kept. With normalisation or gate kVideo, nothing
/// becomes final before `finish`.
///
/// Use one object from one thread at a time. A call that throws leaves the state unchanged.
class BASNET_RT_API StreamPostprocessor {
 public:
  /// @param config  mode kContinuous.
  /// @param snippet_seconds  distance between snippet starts; > 0.
  /// @throws Error (kInvalidArgument)
  StreamPostprocessor(const PostprocessConfig& config, std::int64_t num_classes,
                      double snippet_seconds);
  ~StreamPostprocessor();
  StreamPostprocessor(StreamPostprocessor&&) noexcept;
  StreamPostprocessor& operator=(StreamPostprocessor&&) noexcept;

  /// Processes the next snippets; 0 rows are allowed.
  ///
  /// @param activations  (N, C) float32, finite.
  /// @param raw_cas  (N, C+1) before activation, background last; for gates kVideo and kHorizon.
  /// @throws Error (kInvalidArgument) naming snippet and class of a NaN or Inf;
  ///         (kInvalidState) after `finish`.
  [[nodiscard]] StreamDetections push(const CasView& activations, const CasView& raw_cas = {});

  /// The detections that `finish` would add now: provisional, by falling score.
  Detections pending() const;

  /// Declares that `snippets` >= 1 snippets are missing here: open roots close as at a video's end,
  /// and the time of later snippets includes the gap.
  [[nodiscard]] StreamDetections gap(std::int64_t snippets);

  /// Ends the stream: closes open roots, cuts flanks at the end.
  ///
  /// @param duration  end of the stream in seconds, at least the last snippet's centre; default
  ///                  the end of the last snippet.
  /// @param video_scores  (C,) for gate kVideo; null: computed from the raw CAS that was pushed.
  [[nodiscard]] StreamDetections finish(std::optional<double> duration = std::nullopt,
                                        const float* video_scores = nullptr);

  /// Back to an empty stream with the same settings.
  void reset();

  /// The whole state, settings included, as bytes with a version and a checksum.
  [[nodiscard]] std::string save() const;

  /// Makes a stream that continues from the saved state.
  /// @throws Error (kInvalidState): the bytes are not a saved stream, damaged, or of another
  /// version.
  static StreamPostprocessor load(std::string_view bytes);

  /// Snippets seen so far, gaps included: the index of the next one.
  std::int64_t num_snippets() const;
  std::int64_t num_classes() const;
  double snippet_seconds() const;
  const PostprocessConfig& config() const;
  bool finished() const;
  /// Whether `other` runs with the same config, classes and snippet length.
  bool same_settings(const StreamPostprocessor& other) const;
  /// The first difference, such as "nms_iou is 0.7 there and 0.5 here", with `other` here.
  std::string differing_settings(const StreamPostprocessor& other) const;
  /// Snippets kept for roots that are not final yet.
  std::int64_t buffered_snippets() const;

 private:
  class Impl;
  explicit StreamPostprocessor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace basnet_rt
