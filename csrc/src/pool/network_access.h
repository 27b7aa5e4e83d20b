#pragma once

// Whose turn it is with a pool's network.

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace basnet_rt::cpu {

/// One at a time uses the network: a batch, or a guest who saves or restores a slot. Guests go
/// first: a pool under load hardly ever leaves a moment between two batches.
///
/// Members are guarded by the pool's mutex, which `lock` holds at every call.
class NetworkTurns {
 public:
  using Lock = std::unique_lock<std::mutex>;

  /// Until no guest has or wants the network. Batches come from one thread at a time.
  void await_batch(Lock& lock) {
    came_.wait(lock, [this] { return guests_ == 0; });
  }
  void begin_batch() { busy_ = true; }
  void end_batch() {
    busy_ = false;
    came_.notify_all();
  }

  /// Has the network while it lives; `lock` may be let go of meanwhile.
  class Guest {
   public:
    Guest(NetworkTurns& turns, Lock& lock) : turns_(turns), lock_(lock) {
      ++turns_.guests_;
      turns_.came_.wait(lock_, [this] { return !turns_.busy_; });
      turns_.busy_ = true;
    }
    ~Guest() {
      if (!lock_.owns_lock()) lock_.lock();
      --turns_.guests_;
      turns_.end_batch();
    }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

   private:
    NetworkTurns& turns_;
    Lock& lock_;
  };

 private:
  std::condition_variable came_;
  std::int64_t guests_ = 0;
  bool busy_ = false;
};

}  // namespace basnet_rt::cpu
