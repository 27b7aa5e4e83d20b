#pragma once

#include <array>
#include <string>
#include <vector>

#include "redis_link.h"

namespace service {

/// The atomic steps in Redis; redis_scripts.cpp has their texts.
enum class RedisScript { kNumber, kClaim, kStore, kErase, kRelease, kRenew, kSweep };

/// The scripts of one server, with the names that it gives them.
class RedisScripts {
 public:
  /// Loads the texts into the server; once for every connection.
  /// @throws LinkLost
  void load(RedisLink& link);

  /// @param name  of a stream; "" where the script takes none.
  RedisLink::Command call(RedisScript script, const std::string& name,
                          std::vector<std::string> arguments) const;

 private:
  std::array<std::string, 7> digests_;
};

}  // namespace service
