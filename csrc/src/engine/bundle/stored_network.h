#pragma once

// A bundle's network in its file: tensors by name with their bytes, and the few settings that are
// not in the metadata. Functions marked BASNET_RT_API are in a shared core and are called by
// component `engine`; they are in no installed header.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/bundle.h"
#include "basnet_rt/export.h"
#include "engine/bundle/mapped_file.h"
#include "engine/weights.h"

namespace basnet_rt::bundle {

using engine::DType;

/// Bytes of one number: 4, 2, 1.
BASNET_RT_API std::int64_t size_of(DType dtype);

/// "float32", "bfloat16" or "int8".
BASNET_RT_API const char* name_of(DType dtype);

/// A tensor in a file: contiguous, row-major, little-endian, of finite length.
struct StoredTensor {
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape;
  std::string_view bytes;  ///< in the mapped file; not aligned to more than one byte
};

/// Names are those of the exporter: "projection_weight" (F, D), "projection_bias" (D),
/// "filter_weight" (D, hidden), "filter_bias", "filter_out_weight" (hidden, 1), "filter_out_bias"
/// (1), "first.taps" (H, 3 D), "first.bias" (H), "second.taps" (H2, 3 H), "second.bias" (H2),
/// "classifier" (H2, outputs); of an int8 file also "first.scale" (H) and "second.scale" (H2).
/// A network without projection or filter has none of their tensors.
struct StoredNetwork {
  BundleMetadata metadata;
  std::map<std::string, StoredTensor> tensors;
  /// The background column's constant, if the network does not compute that column; else absent.
  std::optional<double> background_logit;
  std::shared_ptr<const MappedFile> file;  ///< the file of the tensors
};

/// Opens a bundle of either format, TorchScript or safetensors, and finds its weights; executes no
/// code in it. Checks that shapes fit each other and the metadata, and checks checksums if the
/// format has them (TorchScript).
///
/// @throws Error (kBundle): as `read_metadata`, or the weights are damaged or missing, have a wrong
///         shape or kind, or do not belong to a basnet_rt network.
BASNET_RT_API StoredNetwork open_network(const std::string& path);

/// Views of an opened network's tensors, and its options; valid as long as `network.file`.
BASNET_RT_API engine::NetworkWeights weights_of(const StoredNetwork& network);

/// The last checks of `open_network`.
/// @throws BadFile: names the tensor, its shape and the one that fits.
void check_shapes(const StoredNetwork& network);

}  // namespace basnet_rt::bundle
