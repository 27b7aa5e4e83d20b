#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "redis_address.h"

namespace service {

/// The server cannot be reached, does not answer in time, or is not ready: another try may go well,
/// and what was sent may have been done.
class LinkLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The server lets nobody in under this name and password, or into this database.
class LinkRefused : public LinkLost {
 public:
  using LinkLost::LinkLost;
};

struct RedisReply {
  enum class Kind { kNothing, kText, kNumber, kList, kError };

  Kind kind = Kind::kNothing;
  std::string text;
  std::int64_t number = 0;
  std::vector<RedisReply> list;
};

/// One connection to a Redis, over hiredis. Every call blocks; for one thread, which must have
/// SIGPIPE blocked.
class RedisLink {
 public:
  using Command = std::vector<std::string>;
  /// The answer to the command of this index.
  using OnReply = std::function<void(std::size_t, const RedisReply&)>;

  /// @param seconds  for a connection, and then for each answer.
  RedisLink(RedisAddress address, double seconds);

  /// Connects and enters. @throws LinkLost
  void connect();
  void close() { context_.reset(); }
  bool connected() const { return context_ != nullptr; }

  /// Sends all commands, then hands on the answers as they come, in order.
  /// @throws LinkLost: the answers that were not handed on will not come.
  void pipeline(const std::vector<Command>& commands, const OnReply& on_reply);
  RedisReply ask(const Command& command);

 private:
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };

  void enter();
  RedisReply read();
  [[noreturn]] void lose(const std::string& why);

  const RedisAddress address_;
  const double seconds_;
  std::unique_ptr<redisContext, Free> context_;
};

}  // namespace service
