#pragma once

// One stream of a pool as bytes.

#include <optional>
#include <string>
#include <string_view>

#include "pool/settings.h"
#include "pool/stream.h"

namespace basnet_rt::cpu {

/// A stream without a place in a pool.
struct SavedStream {
  PoolStreamPtr stream;
  std::optional<std::string>
      network;  // state of its slot; absent where the network saw nothing yet
};

/// All of `stream` except the network's part: the first bytes of what `sealed` wraps. The stream
/// must not be in a batch.
/// @param post  bytes of its post-processor, wherever that is.
std::string stream_bytes(const PoolStream& stream, const std::string& post,
                         const PoolSettings& settings);
std::string sealed(std::string&& stream_bytes, std::optional<std::string> network);

/// @throws Error (kInvalidState): not such bytes or damaged; (kInvalidArgument): other settings.
SavedStream read_stream(std::string_view bytes, const PoolSettings& settings, double now);

}  // namespace basnet_rt::cpu
