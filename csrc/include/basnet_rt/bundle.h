#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/error.h"
#include "basnet_rt/export.h"

// The metadata of a bundle; docs/bundle.md describes the file. Python's `read_metadata` calls
// this code.

namespace basnet_rt {

/// The range of each class that normalisation kFixed maps to [0, 1]; in units of the activation.
struct Calibration {
  std::vector<double> lo;  ///< (C,), finite
  std::vector<double> hi;  ///< (C,), finite, above `lo`
};

/// Everything a runtime must know about an exported model; checked when read.
struct BundleMetadata {
  std::vector<std::string> classes;  ///< C names, in the order of the activation columns
  std::int64_t feature_dim = 0;      ///< F, channels of one snippet's feature vector
  /// Of the stored weights: "float32", "bfloat16" or "int8". Input and output are float32.
  std::string dtype;
  std::string activation;                  ///< "raw", "softmax", "sigmoid" or "fused"
  std::string score_function = "softmax";  ///< of the video scores: "softmax" or "sigmoid"
  std::int64_t topk_divisor = 8;  ///< a video score is a mean over the best max(1, T // this)
  std::string feature_extractor = "unknown";
  std::string modality = "rgb+flow";
  double fps = 25.0;  ///< frames per second of the video that features are taken from
  std::int64_t snippet_frames = 16;
  std::int64_t snippet_stride = 16;          ///< frames between the starts of two snippets
  std::optional<std::int64_t> num_segments;  ///< T of mode kPublished; absent: native rate
  std::optional<Calibration> calibration;    ///< absent where it was never measured
  PostprocessConfig postprocess;             ///< default settings for localizing
  /// The background column's constant, where the network does not compute that column; a
  /// safetensors file needs it.
  std::optional<double> background_logit;
  bool simulated = false;  ///< trained on simulated features; results must say so
  std::string json;        ///< the whole text, unknown keys, versions and provenance included

  std::int64_t num_classes() const { return static_cast<std::int64_t>(classes.size()); }
  /// Seconds between the starts of two snippets at native rate.
  double snippet_seconds() const { return static_cast<double>(snippet_stride) / fps; }
};

/// Reads and checks the metadata of the bundle at `path`, without loading the network.
///
/// No code in the file is executed.
///
/// @throws Error (kBundle): the file is absent, truncated, not a bundle or of
///         another format version, or a field is missing or invalid; the message says what was
///         expected.
BASNET_RT_API BundleMetadata read_metadata(const std::string& path);

/// Reads and checks metadata from a JSON text; `where` names its source in messages. The text must
/// be UTF-8 without duplicate keys or NaN, and at most 8 MiB, 200,000 values and 64 levels.
BASNET_RT_API BundleMetadata parse_metadata(std::string_view json, const std::string& where);

/// One tensor of a bundle's network: contiguous, row-major.
struct StoredWeight {
  std::string name;                 ///< as in docs/bundle.md, such as "first.taps"
  std::string dtype;                ///< "float32", "bfloat16" or "int8"
  std::vector<std::int64_t> shape;  ///< bytes.size() is its product times the size of `dtype`
  std::string bytes;                ///< little-endian
};

/// Every weight of the bundle at `path`, by name. The shapes are checked against each other and
/// the metadata.
///
/// @throws Error (kBundle): as `read_metadata`, or the weights are damaged or missing, have a wrong
///         shape or kind, or do not belong to a basnet_rt network.
BASNET_RT_API std::vector<StoredWeight> read_weights(const std::string& path);

/// Checks that torch.jit.load of this file runs only code that a known exporter wrote.
///
/// Every entry must belong to a bundle, the code must be that of a known version (apart from
/// generated names), and the pickle may create only the two classes of that code.
///
/// @throws Error (kBundle): names the foreign part; the option `trust_code` loads the file anyway.
BASNET_RT_API void check_bundle_code(const std::string& path);

/// Checks the checksum of every entry of a TorchScript bundle; torch does not check them.
///
/// @throws Error (kBundle): "damaged", with the name of the entry.
BASNET_RT_API void check_bundle_undamaged(const std::string& path);

/// The digest that `check_bundle_code` compares: SHA-256 of the code's paths and normalised texts.
///
/// @throws Error (kBundle): the file is not an archive.
BASNET_RT_API std::string bundle_code_digest(const std::string& path);

/// Returns `base` with the fields of a JSON object changed, as Python's `Model.configure` does. If
/// `mode` changes, the other fields start from the defaults of the new mode.
///
/// @param json  such as `{"gate": "none", "max_duration": null}`; null is "no limit".
/// @throws Error (kInvalidArgument): not a JSON object, an unknown field (lists the known ones) or
///         a value out of range; (kInvalidType): a value of the wrong kind.
BASNET_RT_API PostprocessConfig parse_config(std::string_view json,
                                             const PostprocessConfig& base = {});

/// The bundle's settings, changed so that detections become final early: mode kContinuous,
/// normalisation kFixed and gate kNone. All other settings stay as in the bundle. The fixed range
/// is the bundle's own, else its calibration, else 0 and 1 if activations are probabilities.
///
/// @throws Error (kInvalidArgument): activation "raw" without a range or calibration.
BASNET_RT_API PostprocessConfig streaming_config(const BundleMetadata& metadata);

}  // namespace basnet_rt
