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
  double latency_sum = 0.0;          ///< decision latency: seconds of stream from a final's end to
  double latency_max = 0.0;          ///< the end of the snippet whose arrival decided it

  /// Seconds; 0 before the first final.
  double mean_latency() const {
    return finals_out == 0 ? 0.0 : latency_sum / static_cast<double>(finals_out);
  }
};

struct StreamingOptions {
  std::optional<AlarmConfig> alarm;  ///< when to report onsets; absent: none
  bool zero_bad_features = false;    ///< NaN and Inf become 0 and are counted, instead of an error
};

/// The model's facts that a stream needs.
struct StreamedModel {
  std::vector<std::string> classes;  ///< C names
  std::int64_t feature_dim = 0;      ///< F
  double snippet_seconds = 0.0;      ///< distance between snippet starts; > 0
  std::string features;              ///< what they are, for messages, such as "i3d, both"
};

/// Localizes actions in a stream of features, chunk by chunk, over any network.
///
/// `StreamingLocalizer` is one over a bundle. Finals equal what `postprocess` finds in the whole,
/// bit for bit from the activations on. With normalisation or gate kVideo nothing is final before
/// `finish`. Any cut into chunks gives the same finals in the same order.
///
/// One object is for one thread at a time. A call that throws leaves the stream as it was.
class BASNET_RT_API NetworkLocalizer {
 public:
  /// @param network  of this stream alone.
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
  ///         of another dimension; (kInvalidState): after `finish`; what the network throws.
  StreamDetections push(const FeatureView& features);

  /// Provisional detections, as if the stream ended with the last certain snippet.
  Detections pending() const;

  /// Onsets since the last call: classes that stayed above their alarm threshold.
  std::vector<Onset> onsets();

  /// Declares that `snippets` >= 1 are missing here: what is open closes as at a video's end.
  StreamDetections gap(std::int64_t snippets);

  /// Ends the stream: the network's last two snippets, open roots, cut flanks.
  ///
  /// @param duration  of the stream in seconds; default the end of the last snippet.
  StreamDetections finish(std::optional<double> duration = std::nullopt);

  /// Back to an empty stream with the same settings.
  void reset();

  /// Everything needed to go on, as bytes with a version and a checksum. Whatever language or
  /// engine saved them, any other loads them; so are those of version 0.1.
  std::string save() const;

  /// Continues where `state` was saved, with the same model and settings.
  ///
  /// @throws Error (kInvalidState): damaged bytes, another version, other classes or settings.
  void load(std::string_view state);

  const PostprocessConfig& config() const;
  const StreamStatistics& statistics() const;
  /// Snippets whose activations are certain, gaps included: up to two behind what was pushed.
  std::int64_t num_snippets() const;
  bool finished() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace basnet_rt
