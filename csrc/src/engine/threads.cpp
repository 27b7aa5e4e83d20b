#include "engine/threads.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace basnet_rt::engine {
namespace {

long process() {
#if defined(__unix__) || defined(__APPLE__)
  return static_cast<long>(getpid());
#else
  return 0;
#endif
}

using Work = std::function<void(std::int64_t)>;

/// The tasks of one call; each free thread takes the next one.
struct Job {
  const Work* work = nullptr;
  std::int64_t tasks = 0;
  std::atomic<std::int64_t> next{0};
  std::mutex mutex;  // guards what follows
  std::int64_t failed_at = 0;
  std::exception_ptr failure;

  void take_tasks() {
    for (std::int64_t i = next++; i < tasks; i = next++) {
      try {
        (*work)(i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (failure && failed_at < i) continue;
        failed_at = i;
        failure = std::current_exception();
      }
    }
  }
};

}  // namespace

struct Threads::State {
  std::mutex call;  // held by the caller that uses the helpers
  std::mutex mutex;
  std::condition_variable posted, left;
  Job* job = nullptr;        // what helpers may join
  std::uint64_t number = 0;  // of the job, so that no helper joins one twice
  int inside = 0;            // helpers at work on it
  bool stopping = false;
  std::vector<std::thread> helpers;
  long owner = process();

  void help() {
    std::uint64_t seen = 0;
    std::unique_lock<std::mutex> lock(mutex);
    while (true) {
      posted.wait(lock, [&] { return stopping || (job != nullptr && number != seen); });
      if (stopping) return;
      Job* mine = job;
      seen = number;
      ++inside;
      lock.unlock();
      mine->take_tasks();
      lock.lock();
      if (--inside == 0) left.notify_all();
    }
  }

  void share(Job& shared) {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      job = &shared;
      ++number;
    }
    posted.notify_all();
    shared.take_tasks();
    std::unique_lock<std::mutex> lock(mutex);
    job = nullptr;
    left.wait(lock, [&] { return inside == 0; });
  }
};

Threads::Threads(int count) : state_(std::make_shared<State>()) {
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int wanted = count > 0 ? count : cores;
  try {
    for (int i = 1; i < wanted; ++i) {
      state_->helpers.emplace_back([state = state_.get()] { state->help(); });
    }
  } catch (const std::system_error&) {  // no more threads: the existing ones do the work
  }
}

Threads::~Threads() {
  if (state_->owner != process()) {
    // A forked child has no helpers; waking or joining them would hang.
    new std::shared_ptr<State>(std::move(state_));
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->stopping = true;
  }
  state_->posted.notify_all();
  for (std::thread& helper : state_->helpers) helper.join();
}

int Threads::count() const { return static_cast<int>(state_->helpers.size()) + 1; }

void Threads::run(std::int64_t tasks, const Work& work) {
  Job job;
  job.work = &work;
  job.tasks = tasks;
  const bool alone = tasks < 2 || state_->helpers.empty() || state_->owner != process();
  if (!alone && state_->call.try_lock()) {
    const std::lock_guard<std::mutex> lock(state_->call, std::adopt_lock);
    state_->share(job);
  } else {
    job.take_tasks();
  }
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace basnet_rt::engine
