#pragma once

#include <pybind11/pybind11.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

#include "arrays.h"
#include "basnet_rt/error.h"

namespace basnet_rt::python {

/// An object of the core, which one thread at a time may use: threads of Python wait for each
/// other.
template <class T>
class Locked {
 public:
  explicit Locked(T&& value) : value_(std::move(value)) {}

  /// `call(value)` without the GIL.
  template <class Call>
  auto run(const Call& call) {
    return without_gil([&] {
      const OneCall held(*this);
      return call(value_);
    });
  }

  /// As `run`, for quick calls: keeps the GIL if no other call is running.
  template <class Call>
  auto look(const Call& call) {
    {
      const std::unique_lock<std::mutex> lock(mutex_, std::try_to_lock);
      if (lock.owns_lock()) return call(value_);
    }
    return run(call);
  }

 private:
  /// Refuses a call from inside a call, such as from a signal handler while a network runs, because
  /// it would wait for itself.
  class OneCall {
   public:
    explicit OneCall(Locked& object) : object_(object) {
      if (object.owner_ == std::this_thread::get_id()) {
        throw Error(ErrorCode::kInvalidState, "the stream is in another call of this thread");
      }
      object.mutex_.lock();
      object.owner_ = std::this_thread::get_id();
    }
    ~OneCall() {
      object_.owner_ = std::thread::id();
      object_.mutex_.unlock();
    }
    OneCall(const OneCall&) = delete;
    OneCall& operator=(const OneCall&) = delete;

   private:
    Locked& object_;
  };

  T value_;
  std::mutex mutex_;
  std::atomic<std::thread::id> owner_{std::thread::id()};
};

}  // namespace basnet_rt::python
