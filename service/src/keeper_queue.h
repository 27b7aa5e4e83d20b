#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "state_keeper.h"

namespace service {

/// One call of a keeper with its own thread.
struct KeeperWork {
  enum class Kind { kClaim, kStore, kErase, kRelease };

  Kind kind = Kind::kClaim;
  KeeperClaim stream;
  std::uint64_t fence = 0;
  std::string record;
  StateKeeper::OnClaimed claimed;
  std::vector<StateKeeper::OnAnswer> stored;
  double posted = 0.0;  // seconds of the steady clock
};

/// Calls that wait for a keeper's thread, in the order in which they were made. From any thread.
///
/// If several records of one stream wait, only the last one is stored; its answer counts for all.
class KeeperQueue {
 public:
  using Clock = std::chrono::steady_clock;

  void claim(const KeeperClaim& claim, StateKeeper::OnClaimed done);
  void store(const std::string& name, std::uint64_t fence, std::string record,
             StateKeeper::OnAnswer done);
  void erase(const std::string& name, std::uint64_t fence, StateKeeper::OnAnswer done);
  void release(const std::string& name, std::uint64_t fence);

  /// All waiting work; empty if none arrives until that time.
  std::vector<KeeperWork> take(Clock::time_point until);
  /// Ends the queue: `take` no longer waits.
  void stop();
  bool stopped();

 private:
  void post(KeeperWork work);

  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<KeeperWork> waiting_;
  std::map<std::string, std::size_t> newest_;  // of a name, in `waiting_`
  bool stopped_ = false;
};

}  // namespace service
