#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "job.h"

namespace service {

/// The one thread that drives the pool and every stream in it.
///
/// Calls of gRPC only post their data. So streams need no lock, a stream is always saved between
/// two batches, and errors of clients are found and answered in one place.
class Engine {
 public:
  Engine(const Options& options, ModelSource model, Metrics& metrics);
  /// Runs the posted work; unfinished jobs are forgotten.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Runs `task` on the engine's thread. From any thread.
  void post(Task task);
  /// On the engine's thread.
  void add(std::shared_ptr<Job> job) { jobs_.push_back(std::move(job)); }
  Shared& shared() { return shared_; }
  const ModelSource& model() const { return model_; }

  /// Refuses new jobs and informs the others. Any thread may call this and the next two.
  void drain(double seconds);
  /// Saves or ends every remaining job.
  void cut();
  /// Waits up to `seconds` for the last job; returns whether none is left.
  bool wait_idle(double seconds);

 private:
  void work();
  void take_tasks(std::vector<Task>& tasks);
  void run_pool();
  void tick(double now);
  double patience() const;

  const Options options_;
  const ModelSource model_;
  basnet_rt::StreamPool pool_;
  std::mutex mutex_;
  std::condition_variable came_, idle_;
  std::vector<Task> tasks_;
  bool stopped_ = false;
  bool is_idle_ = true;
  std::unique_ptr<StateKeeper> keeper_;
  Shared shared_;
  std::vector<std::shared_ptr<Job>> jobs_;
  double last_tick_ = 0.0;
  std::thread thread_;
};

}  // namespace service
