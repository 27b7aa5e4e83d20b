#pragma once

// One stream of a pool as bytes.

#include <optional>
#include <string>
#include <string_view>

#include "pool/settings.h"
#include "pool/stream.h"

namespace basnet_rt::cpu {

/// A saved stream that is not in a pool yet.
struct SavedStream {
  PoolStreamPtr stream;
  std::optional<std::string>
      network;  // state of its slot; absent where the network saw nothing yet
};

/// The bytes of `stream` without the network's part, for `sealed`. The stream must not be in a
/// batch.
/// @param post  bytes of its post-processor, here or in the backend.
std::string stream_bytes(const PoolStream& stream, const std::string& post,
                         const PoolSettings& settings);
std::string sealed(std::string&& stream_bytes, std::optional<std::string> network);

/// @throws Error (kInvalidState): the bytes are not a saved stream, or damaged; (kInvalidArgument):
///         saved under other settings.
SavedStream read_stream(std::string_view bytes, const PoolSettings& settings, double now);

}  // namespace basnet_rt::cpu
