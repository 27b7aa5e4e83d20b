#pragma once

// A few threads that share the tasks of one product after another.

#include <cstdint>
#include <functional>
#include <memory>

namespace basnet_rt::engine {

/// A caller's own thread and `count - 1` helpers that wait between calls.
///
/// A caller never waits for a helper that has not begun, so on a busy machine a call takes no
/// longer than with the caller's thread alone. Several threads may call: one uses the helpers, the
/// others work alone.
class Threads {
 public:
  /// @param count  threads that work on one call, the caller's among them; 0: one per core. The
  ///               system may give fewer.
  explicit Threads(int count);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  int count() const;

  /// Calls `work(i)` once for every i in [0, tasks), in any order, and returns when all are done.
  ///
  /// @throws the exception of `work` for the smallest i that failed.
  void run(std::int64_t tasks, const std::function<void(std::int64_t)>& work);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace basnet_rt::engine
