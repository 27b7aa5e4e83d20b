#pragma once

#include <optional>
#include <string>

#include "state_keeper.h"

namespace service {

/// The bytes of a record that lies outside the process: a mark, the SHA-256 of all that follows,
/// and a KeptFile (proto/stream_record.proto). Cut, empty, flipped or moved, they are found out.
std::string packed(const KeeperClaim& stream, std::string record);

struct Unpacked {
  KeeperClaim stream;
  std::string record;
};

/// Absent: the bytes are not what `packed` made for a stream of this name.
std::optional<Unpacked> unpacked(const std::string& bytes, const std::string& name);

}  // namespace service
