#pragma once

#include <deque>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "keeper_queue.h"
#include "metrics.h"
#include "redis_calls.h"
#include "redis_link.h"

namespace service {

/// Streams in a Redis that replicas share: any replica can continue any stream.
///
/// A claim gets a number (a fence) from the server, larger than all earlier ones. The server
/// refuses calls with an older number, so a stopped replica that wakes up cannot write. A store is
/// done once the server has answered; with `appendfsync always` this is after its disk. If a
/// connection is lost, unanswered calls are sent again; a repeated step has no effect. A call
/// without an answer in
/// `--state-timeout` seconds is answered kAway.
class RedisKeeper final : public StateKeeper {
 public:
  /// Waits for the server as long as a call would.
  /// @throws std::exception: it cannot be reached, or refuses the user.
  RedisKeeper(const Options& options, Metrics& metrics);
  /// Finishes the waiting work, for a short time.
  ~RedisKeeper() override;

  void claim(const KeeperClaim& claim, OnClaimed done) override;
  void store(const std::string& name, std::uint64_t fence, std::string record,
             OnAnswer done) override;
  void erase(const std::string& name, std::uint64_t fence, OnAnswer done) override;
  void release(const std::string& name, std::uint64_t fence) override;

 private:
  struct Owned {
    KeeperClaim stream;
    std::uint64_t fence = 0;
    double kept_until = 0.0;  // it is renewed before
  };
  struct Pending {
    KeeperWork work;
    std::uint64_t number = 0;  // of a claim: its fence; of a store: which of this process; 0: none
  };

  // All on the thread.
  void begin(std::promise<void>& begun);
  void work();
  void take_works(KeeperQueue::Clock::time_point until);
  bool replaces_waiting(KeeperWork& work);
  void reach_server();
  void lost(const LinkLost& why);
  void give_up_late(const std::string& why);
  std::size_t prepare();
  void draw_numbers(std::size_t count);
  bool send_some();
  void renew();
  void sweep();
  RedisLink::Command command_of(const Pending& pending);
  void answer(Pending& pending, const RedisReply& reply);
  void answer_claim(Pending& pending, const RedisReply& reply);
  bool owns(const KeeperWork& work) const;
  static void tell(KeeperWork& work, const KeeperAnswer& answer);

  const double patience_;  // seconds that a call may wait for the server
  Metrics& metrics_;
  KeeperQueue queue_;
  RedisLink link_;
  RedisCalls calls_;
  std::deque<Pending> pending_;
  std::map<std::string, Owned> owned_;
  std::uint64_t stores_ = 0;
  std::uint64_t least_number_ = 0;
  double pause_ = 0.0, retry_at_ = 0.0, care_at_ = 0.0;
  double stopped_at_ = 0.0;  // 0: not stopped
  std::thread thread_;
};

}  // namespace service
