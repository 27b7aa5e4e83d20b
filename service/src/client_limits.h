#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <string>

#include "options.h"
#include "refusal.h"

namespace service {

/// The number of open streams and the rate of snippets of each client. Use it from one thread at a
/// time.
///
/// A client is a TLS identity, or else an address. Rates are limited by a token bucket that holds
/// one second and may become negative once: a large chunk passes, and the next one waits.
class ClientLimits {
 public:
  explicit ClientLimits(const Options& options)
      : max_streams_(options.max_streams_per_client), rate_(options.max_snippets_per_second) {}

  /// @throws Refusal: the client has the most open streams allowed.
  void open(const std::string& client, double now) {
    if (clients_.size() > kManyClients) forget_idle(now);
    const auto [found, is_new] = clients_.try_emplace(client, Client{0, rate_, now});
    if (found->second.streams + found->second.waiting >= max_streams_) {
      throw Refusal(grpc::StatusCode::RESOURCE_EXHAUSTED, "over_limit",
                    "this client has " + std::to_string(max_streams_) +
                        " streams open, the most that it may");
    }
    ++found->second.streams;
  }

  void close(const std::string& client) {
    --clients_.at(client).streams;
    forget_if_unused(client);
  }

  /// Whether one more call of the client may wait for a place; if so, it is counted.
  bool wait(const std::string& client, double now) {
    Client& entry = clients_.try_emplace(client, Client{0, rate_, now}).first->second;
    const bool has_room = entry.waiting < max_streams_;
    if (has_room) ++entry.waiting;
    return has_room;
  }

  void stop_waiting(const std::string& client) {
    --clients_.at(client).waiting;
    forget_if_unused(client);
  }

  /// Whether `snippets` may enter now; if so, they are paid for.
  bool pay(const std::string& client, double snippets, double now) {
    if (rate_ == 0) return true;
    Client& entry = clients_.at(client);
    entry.credit = std::min(rate_, entry.credit + rate_ * (now - entry.when));
    entry.when = now;
    if (entry.credit <= 0) return false;
    entry.credit -= snippets;
    return true;
  }

 private:
  struct Client {
    std::int64_t streams = 0;
    double credit = 0.0;
    double when = 0.0;
    std::int64_t waiting = 0;
  };

  static constexpr std::size_t kManyClients = 10000;

  void forget_if_unused(const std::string& client) {
    const auto found = clients_.find(client);
    const bool used = found->second.streams > 0 || found->second.waiting > 0;
    if (!used && rate_ == 0) clients_.erase(found);
  }

  // A client with a full bucket is like a new one.
  void forget_idle(double now) {
    for (auto it = clients_.begin(); it != clients_.end();) {
      const bool used = it->second.streams > 0 || it->second.waiting > 0;
      const bool idle = !used && now - it->second.when > 60.0;
      it = idle ? clients_.erase(it) : std::next(it);
    }
  }

  const std::int64_t max_streams_;
  const double rate_;
  std::map<std::string, Client> clients_;
};

}  // namespace service
