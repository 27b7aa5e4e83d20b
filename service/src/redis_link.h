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

/// The server cannot be reached, does not answer in time, or is not ready. Another try may succeed,
/// and sent commands may have been done.
class LinkLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The server refuses this user and password, or this database.
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

/// One connection to a Redis, with hiredis. Every call blocks. Use it from one thread, which must
/// have SIGPIPE blocked.
class RedisLink {
 public:
  using Command = std::vector<std::string>;
  /// The answer to the command of this index.
  using OnReply = std::function<void(std::size_t, const RedisReply&)>;

  /// @param seconds  for a connection, and then for each answer.
  RedisLink(RedisAddress address, double seconds);

  /// Connects and logs in. @throws LinkLost
  void connect();
  void close() { context_.reset(); }
  bool connected() const { return context_ != nullptr; }

  /// Sends all commands, then passes on the answers in order, as they come.
  /// @throws LinkLost: the remaining answers will not come.
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
