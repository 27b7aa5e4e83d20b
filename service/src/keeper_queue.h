#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "state_keeper.h"

namespace service {

/// One call of a keeper that works on a thread of its own.
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
/// Of records of one stream that wait together the last one is enough: it answers for all.
class KeeperQueue {
 public:
  using Clock = std::chrono::steady_clock;

  void claim(const KeeperClaim& claim, StateKeeper::OnClaimed done);
  void store(const std::string& name, std::uint64_t fence, std::string record,
             StateKeeper::OnAnswer done);
  void erase(const std::string& name, std::uint64_t fence, StateKeeper::OnAnswer done);
  void release(const std::string& name, std::uint64_t fence);

  /// Everything that waits, or nothing where nothing came until then.
  std::vector<KeeperWork> take(Clock::time_point until);
  /// Nothing more comes; `take` waits no longer.
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
