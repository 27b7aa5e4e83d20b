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

/// Streams in a Redis that replicas share: each may be gone on with at any of them.
///
/// A claim draws a number from the server, larger than all before it; the server refuses whoever
/// comes with an older one, so a replica that was stopped and wakes up writes nothing. A store is
/// done once the server has answered, which with `appendfsync always` is behind its disk. Where a
/// connection is lost, everything unanswered is sent again: each step does nothing the second time.
/// A call that is not answered in `--state-timeout` seconds is answered kAway.
class RedisKeeper final : public StateKeeper {
 public:
  /// Waits for the server for as long as a call would.
  /// @throws std::exception: it cannot be reached, or lets nobody in.
  RedisKeeper(const Options& options, Metrics& metrics);
  /// Does what is still waiting, for a short while.
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
  double stopped_at_ = 0.0;  // 0: it goes on
  std::thread thread_;
};

}  // namespace service
