#pragma once

// The right to use a pool's network: one caller at a time.

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace basnet_rt::cpu {

/// Either a batch or a guest uses the network; a guest saves or restores a slot. Guests go first,
/// because under load there is no pause between batches.
///
/// Members are guarded by the pool's mutex, which `lock` holds at every call.
class NetworkAccess {
 public:
  using Lock = std::unique_lock<std::mutex>;

  /// Waits until no guest holds or wants the network. Batches come from one thread at a time.
  void await_batch(Lock& lock) {
    came_.wait(lock, [this] { return guests_ == 0; });
  }
  void begin_batch() { busy_ = true; }
  void end_batch() {
    busy_ = false;
    came_.notify_all();
  }

  /// Holds the network as long as it lives; `lock` may be released meanwhile.
  class Guest {
   public:
    Guest(NetworkAccess& access, Lock& lock) : access_(access), lock_(lock) {
      ++access_.guests_;
      access_.came_.wait(lock_, [this] { return !access_.busy_; });
      access_.busy_ = true;
    }
    ~Guest() {
      if (!lock_.owns_lock()) lock_.lock();
      --access_.guests_;
      access_.end_batch();
    }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

   private:
    NetworkAccess& access_;
    Lock& lock_;
  };

 private:
  std::condition_variable came_;
  std::int64_t guests_ = 0;
  bool busy_ = false;
};

}  // namespace basnet_rt::cpu
