#pragma once

// A pool with its threads and locks.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "basnet_rt/stream_pool.h"
#include "pool/network_access.h"
#include "pool/saved.h"
#include "pool/state.h"

namespace basnet_rt {

class StreamPool::Impl {
 public:
  using Lock = std::unique_lock<std::mutex>;

  Impl(std::shared_ptr<PoolNetwork> network_, const cpu::PoolSettings& settings_)
      : network(std::move(network_)),
        settings(settings_),
        state(settings),
        process_(current_process()) {}

  /// The lock of `mutex`.
  /// @throws Error (kInvalidState): the pool's thread stayed in the parent of this process.
  Lock lock() const;
  /// Whether this process is a forked child, in which the pool's thread does not exist.
  bool is_of_parent() const;

  double now() const;
  bool threaded() const { return settings.options.threaded; }

  /// The pool's thread: runs batches until the pool is stopped and no work is left.
  void work();
  /// Releases the lock while it computes. No other thread may run a batch meanwhile.
  void run_batch(Lock& lock);

  /// Waits until `stream` has room for `rows` more; false: no room in time. Throws if the stream
  /// accepts no more input.
  bool wait_for_room(Lock& lock, const cpu::PoolStreamPtr& stream, std::int64_t rows,
                     double timeout);
  template <class Settled>
  void wait(Lock& lock, std::condition_variable& came, double timeout, const Settled& settled);

  /// Loads a slot's saved state, if any, into network and backend. Releases the lock meanwhile, and
  /// holds it again afterwards, also if it throws.
  void load_slot(Lock& lock, std::int64_t slot, const cpu::SavedStream& saved);

  StreamBackend* backend() const { return settings.options.backend.get(); }
  /// `pending` of a stream whose state is in the backend; waits for the running batch.
  Detections ask_backend(Lock& lock, const cpu::PoolStreamPtr& stream);

  /// Wakes the thread, which sleeps until its next batch, if a batch is due earlier.
  void added(bool was_idle) {
    if (was_idle || state.is_full()) work_came.notify_one();
  }
  void wake_all();

  const std::shared_ptr<PoolNetwork> network;
  const cpu::PoolSettings settings;
  mutable std::mutex mutex;  // guards `state` and `access`
  std::condition_variable work_came, room_came, news_came;
  cpu::PoolState state;
  cpu::NetworkAccess access;
  std::thread::id worker;  // guarded by `mutex`
  std::mutex drive_mutex;  // without a thread: one batch at a time
  std::mutex thread_mutex;
  std::thread thread;

 private:
  const long process_;  // that made the pool
  static long current_process();
  static double steady_seconds();
  static std::chrono::steady_clock::time_point time_point(double seconds);
};

template <class Settled>
void StreamPool::Impl::wait(Lock& lock, std::condition_variable& came, double timeout,
                            const Settled& settled) {
  constexpr double kForever = 1e9;  // seconds; near the largest value of the clock's type
  if (!threaded() || timeout == 0.0) return;
  if (timeout > kForever) return came.wait(lock, settled);
  came.wait_until(lock, time_point(steady_seconds() + timeout), settled);
}

}  // namespace basnet_rt
