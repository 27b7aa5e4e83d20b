#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace basnet_rt::cpu {

/// Calls `work(i)` for i in [0, count) on up to `num_threads` threads (0: one per core), or fewer
/// if the system gives fewer.
///
/// Rethrows the exception of the smallest i that failed, so the error does not depend on the number
/// of threads.
template <class Work>
void parallel_for(std::size_t count, int num_threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  std::size_t failed_at = count;
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (i < failed_at) {
          failed_at = i;
          failure = std::current_exception();
        }
      }
    }
  };
  const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
  const std::size_t wanted = num_threads > 0 ? static_cast<std::size_t>(num_threads) : cores;
  std::vector<std::thread> threads;
  threads.reserve(std::min(wanted, count));
  try {
    for (std::size_t i = 1; i < std::min(wanted, count); ++i) threads.emplace_back(run);
  } catch (const std::system_error&) {  // no more threads: the existing ones do the work
  }
  run();
  for (std::thread& thread : threads) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace basnet_rt::cpu
