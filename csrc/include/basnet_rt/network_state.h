#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/export.h"

namespace basnet_rt {

/// One array of a network's context, row-major.
struct NetworkArray {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;  ///< float32 holds every bfloat16 exactly
};

/// A network's memory of one stream: the same for every engine and language.
struct NetworkState {
  std::int64_t weights = 0;  ///< WeightsDigest of the network
  std::int64_t seen = 0;     ///< snippets since the start of the stream, or since its last gap
  /// Of a bundle's network: foreground (2), rows (2, D) and hidden (2, H), the last two of each.
  std::vector<NetworkArray> arrays;
  /// The value of version 0.1 for `weights`; absent where it cannot be known. It is not saved.
  std::optional<std::int64_t> weights_0_1 = {};
};

/// As bytes with a version and a checksum.
BASNET_RT_API std::string save_network_state(const NetworkState& state);

/// The inverse of `save_network_state`. States of version 0.1 are read, too.
///
/// @param like  the state of a new stream of this network; its `weights_0_1` is what old states are
///              compared to, if there is one.
/// @throws Error (kInvalidState): damaged bytes, or arrays or weights of another network.
BASNET_RT_API NetworkState load_network_state(std::string_view bytes, const NetworkState& like);

/// Tells a network from another of its shape by its small weights: biases, classifier.
///
/// The arrays are those of a bundle's module: `classifier`, `filter_*`, `first.*`, `projection_*`,
/// `second.*`; what a network lacks counts as an empty array of that name.
class BASNET_RT_API WeightsDigest {
 public:
  /// @param of_version_0_1  as that version computed it.
  explicit WeightsDigest(bool of_version_0_1 = false) : with_derived_(of_version_0_1) {}

  /// Takes the next array of weights. The order matters: by name, as bytes compare.
  ///
  /// @param values  (count) float32. Left out are arrays of more than 2^18, and `*.inner`, which
  ///                is computed from other weights; version 0.1 took the latter, too.
  void add(std::string_view name, const float* values, std::int64_t count);
  std::int64_t value() const { return digest_; }

 private:
  bool with_derived_;
  std::uint32_t digest_ = 0;
};

}  // namespace basnet_rt
