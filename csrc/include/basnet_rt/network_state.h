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

/// A network's state of one stream, in the same form for every engine and language.
struct NetworkState {
  std::int64_t weights = 0;  ///< WeightsDigest of the network
  std::int64_t seen = 0;     ///< snippets since the start of the stream, or since its last gap
  /// A bundle's network has foreground (2), rows (2, D) and hidden (2, H): the last two of each.
  std::vector<NetworkArray> arrays;
  /// The value of `weights` in version 0.1; absent if it is unknown. It is not saved.
  std::optional<std::int64_t> weights_0_1 = {};
};

/// The state as bytes with a version and a checksum.
BASNET_RT_API std::string save_network_state(const NetworkState& state);

/// The inverse of `save_network_state`. It also reads states of version 0.1.
///
/// @param like  the state of a new stream of this network. If it has `weights_0_1`, states of
///              version 0.1 must have that value.
/// @throws Error (kInvalidState): damaged bytes, or arrays or weights of another network.
BASNET_RT_API NetworkState load_network_state(std::string_view bytes, const NetworkState& like);

/// A digest of a network's small weights (biases, classifier). It distinguishes networks of the
/// same shape.
///
/// The arrays are those of a bundle's module: `classifier`, `filter_*`, `first.*`, `projection_*`,
/// `second.*`. An array that the network does not have counts as an empty array of that name.
class BASNET_RT_API WeightsDigest {
 public:
  /// @param of_version_0_1  computes the digest of version 0.1.
  explicit WeightsDigest(bool of_version_0_1 = false) : with_derived_(of_version_0_1) {}

  /// Adds the next array of weights. Arrays must come in the byte order of their names.
  ///
  /// @param values  (count) float32. The digest skips arrays of more than 2^18 values, and
  ///                `*.inner`, which is computed from other weights; version 0.1 included
  ///                `*.inner`.
  void add(std::string_view name, const float* values, std::int64_t count);
  std::int64_t value() const { return digest_; }

 private:
  bool with_derived_;
  std::uint32_t digest_ = 0;
};

}  // namespace basnet_rt
