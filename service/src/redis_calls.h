#pragma once

#include <cstdint>
#include <string>

#include "options.h"
#include "redis_scripts.h"
#include "state_keeper.h"

namespace service {

/// The calls of one process to the Redis that keeps streams, and the meaning of its answers.
class RedisCalls {
 public:
  explicit RedisCalls(const Options& options);

  /// Once for every connection. @throws LinkLost
  void load(RedisLink& link) { scripts_.load(link); }

  /// A number for a claim, larger than all earlier ones and than `least`.
  RedisLink::Command number(std::uint64_t least) const;
  RedisLink::Command claim(const KeeperClaim& claim, std::uint64_t fence) const;
  /// @param store  counts the stores of this process: an older one changes nothing.
  RedisLink::Command store(const KeeperClaim& stream, std::uint64_t fence, std::uint64_t store,
                           const std::string& record) const;
  RedisLink::Command erase(const std::string& name, std::uint64_t fence) const;
  RedisLink::Command release(const std::string& name, std::uint64_t fence) const;
  /// Keeps an owned stream for another `lease()`.
  RedisLink::Command renew(const std::string& name, std::uint64_t fence) const;
  /// Forgets up to `most` old streams; the reply is their number.
  RedisLink::Command sweep(std::int64_t most) const;

  /// Seconds that a stream is kept after its owner's last call.
  double lease() const { return options_.keep_states + kLease; }
  KeeperAnswer meaning_of_claim(const RedisReply& reply) const;
  KeeperAnswer meaning(const RedisReply& reply) const;

 private:
  static constexpr double kLease = 60.0;

  const Options options_;
  const std::string holder_;  // unique name of this process
  RedisScripts scripts_;
};

/// Warns on stderr about settings of the server that may lose durable records.
/// @throws LinkLost
void warn_of_settings(RedisLink& link);

}  // namespace service
