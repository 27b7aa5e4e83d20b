#include "engine.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace service {
namespace {

constexpr double kTick = 0.05;        // seconds; resolution of every timeout
constexpr double kShortWait = 0.001;  // while the pool waits for a full batch
constexpr double kLongWait = 1.0;     // with nothing to do

std::chrono::duration<double> seconds(double value) { return std::chrono::duration<double>(value); }

basnet_rt::PoolOptions pool_options(const Options& options) {
  basnet_rt::PoolOptions out;
  out.max_batch = options.max_batch;
  out.max_delay = options.max_delay;
  out.max_queue = options.max_queue;
  out.max_streams = options.max_streams;
  out.threaded = false;
  if (options.alarm_threshold > 0) {
    out.alarm = basnet_rt::AlarmConfig{{options.alarm_threshold}, options.alarm_hold};
  }
  return out;
}

}  // namespace

Engine::Engine(const Options& options, ModelSource model, Metrics& metrics)
    : options_(options),
      model_(std::move(model)),
      pool_(model_.network, model_.config, static_cast<std::int64_t>(model_.classes.size()),
            model_.feature_dim, model_.snippet_seconds, pool_options(options_)),
      keeper_(make_keeper(options_, metrics)),
      shared_{options_,
              model_,
              pool_,
              *keeper_,
              metrics,
              [this](Task task) { post(std::move(task)); },
              ClientLimits(options_),
              {},
              {},
              false} {
  thread_ = std::thread([this] { work(); });
}

Engine::~Engine() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  came_.notify_one();
  thread_.join();
  keeper_.reset();  // its answers are posted through `shared_`
}

void Engine::post(Task task) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    tasks_.push_back(std::move(task));
    is_idle_ = false;
  }
  came_.notify_one();
}

void Engine::drain(double seconds) {
  post([this, seconds] {
    shared_.draining = true;
    for (const auto& job : jobs_) job->drain(seconds);
  });
}

void Engine::cut() {
  post([this] {
    for (const auto& job : jobs_) job->cut();
  });
}

bool Engine::wait_idle(double limit) {
  std::unique_lock<std::mutex> lock(mutex_);
  return idle_.wait_for(lock, seconds(limit), [this] { return is_idle_; });
}

void Engine::work() {
  std::vector<Task> tasks;
  for (;;) {
    take_tasks(tasks);
    if (tasks.empty() && stopped_) return;
    for (Task& task : tasks) task();
    tasks.clear();
    run_pool();
    if (now_seconds() - last_tick_ >= kTick) tick(now_seconds());
  }
}

// The engine waits only here.
void Engine::take_tasks(std::vector<Task>& tasks) {
  const double wait = patience();
  std::unique_lock<std::mutex> lock(mutex_);
  if (tasks_.empty() && jobs_.empty()) {
    is_idle_ = true;
    idle_.notify_all();
  }
  if (wait > 0) {
    came_.wait_for(lock, seconds(wait), [this] { return stopped_ || !tasks_.empty(); });
  }
  tasks.swap(tasks_);
}

double Engine::patience() const {
  if (jobs_.empty()) return kLongWait;
  const auto waits = [](const std::shared_ptr<Job>& job) { return job->waits_for_pool(); };
  return std::any_of(jobs_.begin(), jobs_.end(), waits) ? kShortWait : kTick;
}

// Runs one batch only, so that snippets that arrive meanwhile are in the next one.
void Engine::run_pool() {
  if (!pool_.step()) return;
  const basnet_rt::PoolStatistics totals = pool_.statistics();
  shared_.metrics.batch(totals);
  shared_.metrics.queued(static_cast<double>(totals.snippets_queued));
  shared_.ready = pool_.ready();
  const double now = now_seconds();
  for (const auto& job : jobs_) job->after_batch(now);
}

void Engine::tick(double now) {
  last_tick_ = now;
  for (const auto& job : jobs_) job->tick(now);
  const auto over = [](const std::shared_ptr<Job>& job) { return job->over(); };
  jobs_.erase(std::remove_if(jobs_.begin(), jobs_.end(), over), jobs_.end());
}

}  // namespace service
