#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/onset.h"
#include "basnet_rt/stream.h"
#include "basnet_rt/stream_network.h"
#include "basnet_rt/types.h"

namespace basnet_rt {

/// Counters of a stream.
struct StreamStatistics {
  std::int64_t snippets_in = 0;  ///< pushed, gaps not counted
  std::int64_t finals_out = 0;   ///< detections that became final
  std::int64_t pushes = 0;
  std::int64_t features_zeroed = 0;  ///< NaN or Inf that became 0
  double compute_seconds = 0.0;      ///< spent inside `push`, `gap` and `finish`
  /// Decision latency: seconds of stream from a final's end to the end of the snippet whose arrival
  /// made it final.
  double latency_sum = 0.0;
  double latency_max = 0.0;

  /// Seconds; 0 before the first final.
  double mean_latency() const {
    return finals_out == 0 ? 0.0 : latency_sum / static_cast<double>(finals_out);
  }
};

struct StreamingOptions {
  std::optional<AlarmConfig> alarm;  ///< when to report onsets; absent: none
  bool zero_bad_features = false;    ///< NaN and Inf become 0 and are counted, instead of an error
};

/// The facts about a model that a stream needs.
struct StreamedModel {
  std::vector<std::string> classes;  ///< C names
  std::int64_t feature_dim = 0;      ///< F
  double snippet_seconds = 0.0;      ///< distance between snippet starts; > 0
  std::string features;              ///< the kind of features, for messages; such as "i3d, both"
};

/// Localizes actions in a stream of features, chunk by chunk, over any network.
///
/// `StreamingLocalizer` is one over a bundle. For the same activations, the finals equal the
/// detections of `postprocess` in the whole video, bit for bit. With normalisation or gate kVideo,
/// nothing becomes final before `finish`. The size of the chunks does not change the finals or
/// their order.
///
/// Use one object from one thread at a time. A call that throws leaves the stream unchanged.
class BASNET_RT_API NetworkLocalizer {
 public:
  /// @param network  used by this stream only.
  /// @param config  mode kContinuous.
  /// @throws Error (kInvalidArgument): a setting is wrong or does not fit a stream.
  NetworkLocalizer(std::shared_ptr<StreamNetwork> network, StreamedModel model,
                   const PostprocessConfig& config, const StreamingOptions& options = {});
  ~NetworkLocalizer();
  NetworkLocalizer(NetworkLocalizer&&) noexcept;
  NetworkLocalizer& operator=(NetworkLocalizer&&) noexcept;

  /// Takes the next snippets and returns the detections that became final.
  ///
  /// @param features  (N, F) float32, finite, N >= 0.
  /// @throws Error (kInvalidArgument): NaN or Inf (names snippet and channel); (kBundle): features
  ///         of another dimension; (kInvalidState): after `finish`. Also errors of the network.
  StreamDetections push(const FeatureView& features);

  /// Provisional detections, as if the stream ended with the last certain snippet.
  Detections pending() const;

  /// Onsets since the last call: classes that stayed above their alarm threshold.
  std::vector<Onset> onsets();

  /// Declares that `snippets` >= 1 are missing here: open roots close as at a video's end.
  StreamDetections gap(std::int64_t snippets);

  /// Ends the stream: computes the network's last two snippets, closes open roots, and cuts flanks
  /// at the end.
  ///
  /// @param duration  of the stream in seconds; default the end of the last snippet.
  StreamDetections finish(std::optional<double> duration = std::nullopt);

  /// Back to an empty stream with the same settings.
  void reset();

  /// Everything needed to continue, as bytes with a version and a checksum. Every language and
  /// engine can load them; bytes saved by version 0.1 can be loaded too.
  std::string save() const;

  /// Continues from a saved state of the same model and settings.
  ///
  /// @throws Error (kInvalidState): damaged bytes, another version, other classes or settings.
  void load(std::string_view state);

  const PostprocessConfig& config() const;
  const StreamStatistics& statistics() const;
  /// Snippets with final activations, gaps included; up to two fewer than were pushed.
  std::int64_t num_snippets() const;
  bool finished() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace basnet_rt
