#pragma once

#include <cstdint>
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

/// What a network remembers of one stream: the same for every engine and language.
struct NetworkState {
  std::int64_t weights = 0;  ///< WeightsDigest of the network
  std::int64_t seen = 0;     ///< snippets since the start of the stream, or since its last gap
  /// Of a bundle's network: foreground (2), rows (2, D) and hidden (2, H), the last two of each.
  std::vector<NetworkArray> arrays;
};

/// As bytes with a version and a checksum.
BASNET_RT_API std::string save_network_state(const NetworkState& state);

/// What `save_network_state` was given. States of version 0.1 are read, too.
///
/// @param like  the state of a new stream of this network.
/// @throws Error (kInvalidState): damaged bytes, or arrays or weights of another network.
BASNET_RT_API NetworkState load_network_state(std::string_view bytes, const NetworkState& like);

/// Tells a network from another of its shape by its small weights: biases, classifier.
class BASNET_RT_API WeightsDigest {
 public:
  /// Takes the next array of weights. The order matters: by name, as bytes compare.
  ///
  /// @param values  (count) float32; arrays of more than 2^18 are left out.
  void add(std::string_view name, const float* values, std::int64_t count);
  std::int64_t value() const { return digest_; }

 private:
  std::uint32_t digest_ = 0;
};

}  // namespace basnet_rt
