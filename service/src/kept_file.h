#pragma once

#include <optional>
#include <string>

#include "state_keeper.h"

namespace service {

/// The bytes of a record outside the process: a mark, the SHA-256 of all that follows, and a
/// KeptFile (proto/stream_record.proto). Truncated, empty, damaged or moved files are noticed.
std::string packed(const KeeperClaim& stream, std::string record);

struct Unpacked {
  KeeperClaim stream;
  std::string record;
};

/// The inverse of `packed`; absent if the bytes are not those of a stream of this name.
std::optional<Unpacked> unpacked(const std::string& bytes, const std::string& name);

}  // namespace service
