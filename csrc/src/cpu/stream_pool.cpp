#include "basnet_rt/stream_pool.h"

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "cpu/stream_pool_state.h"
#include "validate.h"

namespace basnet_rt {
namespace {

using cpu::PoolStreamPtr;
using Clock = std::chrono::steady_clock;
using Lock = std::unique_lock<std::mutex>;

double steady_seconds() {
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

Clock::time_point time_point(double seconds) {
  return Clock::time_point(
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)));
}

void check_at_least(const char* name, std::int64_t value, std::int64_t least) {
  if (value >= least) return;
  fail(std::string(name) + " is " + std::to_string(value) + "; it must be at least " +
       std::to_string(least));
}

void check_seconds(const char* name, double value, double most) {
  if (value >= 0.0 && value <= most) return;
  fail(std::string(name) + " is " + to_text(value) + "; it must be at least 0" +
       (std::isinf(most) ? "" : " and finite") + " seconds");
}

constexpr double kLongest = 1e9;  // seconds; what the clock's own type can hold

void check_options(const PoolOptions& options) {
  check_at_least("max_batch", options.max_batch, 1);
  check_seconds("max_delay", options.max_delay, kLongest);
  check_at_least("max_queue", options.max_queue, 1);
  check_at_least("max_streams", options.max_streams, 1);
  if (options.threaded && options.clock) fail("clock is for a pool without a thread");
}

/// First value that is NaN or Inf, or -1. Exponent bits alone decide, so the loop vectorises.
std::int64_t first_bad(const float* values, std::int64_t size) {
  constexpr std::uint32_t kExponent = 0x7f800000u;
  const auto is_bad = [&](std::int64_t i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, values + i, sizeof bits);
    return (bits & kExponent) == kExponent;
  };
  std::uint32_t any = 0;
  for (std::int64_t i = 0; i < size; ++i) any |= is_bad(i) ? 1u : 0u;
  for (std::int64_t i = 0; any != 0 && i < size; ++i) {
    if (is_bad(i)) return i;
  }
  return -1;
}

/// A copy with 0 for NaN and Inf, which it counts.
std::vector<float> zeroed(const FeatureView& features, std::int64_t& count) {
  const std::int64_t size = features.num_snippets * features.feature_dim;
  std::vector<float> kept(features.data, features.data + size);
  for (float& value : kept) {
    if (std::isfinite(value)) continue;
    value = 0.0f;
    ++count;
  }
  return kept;
}

}  // namespace

class StreamPool::Impl {
 public:
  Impl(std::shared_ptr<PoolNetwork> network_, const cpu::PoolSettings& settings_)
      : network(std::move(network_)), settings(settings_), state(settings) {}

  double now() const {
    return settings.options.clock ? settings.options.clock() : steady_seconds();
  }
  bool threaded() const { return settings.options.threaded; }

  // Looked for without the lock; -1 where the shape is wrong too, which comes first.
  std::int64_t first_bad_of(const FeatureView& features) const {
    if (features.feature_dim != settings.feature_dim) return -1;
    return first_bad(features.data, features.num_snippets * features.feature_dim);
  }

  void check_features(const cpu::PoolStream& stream, const FeatureView& features,
                      std::int64_t bad) const {
    const std::int64_t dim = settings.feature_dim;
    std::string what;
    if (features.feature_dim != dim) {
      what = "features have " + std::to_string(features.feature_dim) +
             " channels; this pool's have " + std::to_string(dim);
    } else if (bad >= 0 && !settings.options.zero_bad_features) {
      what = "features: snippet " + std::to_string(stream.index + bad / dim) + ", channel " +
             std::to_string(bad % dim) + " is " + to_text(features.data[bad]) +
             "; features must be finite";
    }
    if (!what.empty()) throw cpu::stream_error(stream.id, ErrorCode::kInvalidArgument, what);
  }

  // Runs batches until the pool is stopped and nothing is left.
  void work() {
    Lock lock(mutex);
    worker = std::this_thread::get_id();
    for (;;) {
      const double due = state.due();
      if (due <= now()) {
        run_batch(lock);
      } else if (!state.accepting() && state.idle()) {
        return;
      } else if (due == cpu::PoolScheduler::kNever) {
        work_came.wait(lock);
      } else {
        work_came.wait_until(lock, time_point(due));
      }
    }
  }

  // Without the lock while it computes. What even `run_batch` below cannot pin on a stream, such
  // as memory that ran out, ends them all rather than the process.
  void run_batch(Lock& lock) {
    try {
      const cpu::PoolWork work = state.take_work(now());
      lock.unlock();
      room_came.notify_all();
      const double begin = steady_seconds();
      cpu::BatchOutcome outcome = cpu::run_batch(*network, work);
      const double seconds = steady_seconds() - begin;
      lock.lock();
      state.deliver(work, std::move(outcome), seconds);
    } catch (const std::exception& error) {
      if (!lock.owns_lock()) lock.lock();
      state.fail_all(std::string("the pool failed: ") + error.what());
    }
    news_came.notify_all();
  }

  bool wait_for_room(Lock& lock, const PoolStreamPtr& stream, std::int64_t rows, double timeout) {
    const auto settled = [&] {
      return stream->dropped || stream->status != StreamStatus::kOpen || !state.accepting() ||
             state.has_room(*stream, rows);
    };
    wait(lock, room_came, timeout, settled);
    state.check_accepts(*stream, "push");
    return state.has_room(*stream, rows);
  }

  template <class Settled>
  void wait(Lock& lock, std::condition_variable& came, double timeout, const Settled& settled) {
    if (!threaded() || timeout == 0.0) return;
    if (timeout > kLongest) return came.wait(lock, settled);
    came.wait_until(lock, time_point(steady_seconds() + timeout), settled);
  }

  // The thread sleeps until its next batch is due; only what makes it due earlier wakes it.
  void added(bool was_idle) {
    if (was_idle || state.is_full()) work_came.notify_one();
  }

  const std::shared_ptr<PoolNetwork> network;
  const cpu::PoolSettings settings;
  mutable std::mutex mutex;  // guards `state`
  std::condition_variable work_came, room_came, news_came;
  cpu::PoolState state;
  std::thread::id worker;  // guarded by `mutex`
  std::mutex drive_mutex;  // without a thread: one batch at a time
  std::mutex thread_mutex;
  std::thread thread;
};

StreamPool::StreamPool(std::shared_ptr<PoolNetwork> network, const PostprocessConfig& config,
                       std::int64_t num_classes, std::int64_t feature_dim, double snippet_seconds,
                       const PoolOptions& options) {
  if (network == nullptr) fail("network is null");
  check_at_least("feature_dim", feature_dim, 1);
  check_options(options);
  const StreamPostprocessor checks_the_rest(config, num_classes, snippet_seconds);
  const cpu::PoolSettings settings{config, num_classes, feature_dim, snippet_seconds, options};
  impl_ = std::make_shared<Impl>(std::move(network), settings);
  // The thread keeps what it uses alive, should the last owner let go on it (see ~StreamPool).
  if (options.threaded) impl_->thread = std::thread([impl = impl_] { impl->work(); });
}

// A callback may destroy the pool, as Python's garbage collector can, on the pool's own thread,
// which cannot join itself; it then ends after that callback.
StreamPool::~StreamPool() {
  shutdown(Shutdown::kDiscard);
  if (impl_->thread.get_id() == std::this_thread::get_id()) impl_->thread.detach();
}

StreamId StreamPool::open() {
  const Lock lock(impl_->mutex);
  return impl_->state.open();
}

bool StreamPool::push(StreamId id, const FeatureView& features, double timeout) {
  check_seconds("timeout", timeout, kUnlimited);
  const std::int64_t bad = impl_->first_bad_of(features);
  Lock lock(impl_->mutex);
  cpu::PoolState& state = impl_->state;
  const PoolStreamPtr stream = state.find(id);
  state.check_accepts(*stream, "push");
  impl_->check_features(*stream, features, bad);
  if (features.num_snippets == 0) return true;
  if (!impl_->wait_for_room(lock, stream, features.num_snippets, timeout)) return false;
  const bool was_idle = state.idle();
  if (bad < 0) {
    state.push_rows(stream, features, impl_->now());
  } else {
    const std::vector<float> kept = zeroed(features, stream->statistics.features_zeroed);
    state.push_rows(stream, {kept.data(), features.num_snippets, features.feature_dim},
                    impl_->now());
  }
  impl_->added(was_idle);
  return true;
}

void StreamPool::gap(StreamId id, std::int64_t snippets) {
  if (snippets < 1 || snippets > (std::int64_t{1} << 60)) {
    fail("snippets is " + std::to_string(snippets) + "; a gap is of at least one snippet");
  }
  const Lock lock(impl_->mutex);
  const PoolStreamPtr stream = impl_->state.find(id);
  impl_->state.check_accepts(*stream, "gap");
  const bool was_idle = impl_->state.idle();
  impl_->state.push_gap(stream, snippets, impl_->now());
  impl_->added(was_idle);
}

void StreamPool::end(StreamId id, std::optional<double> duration) {
  const Lock lock(impl_->mutex);
  const PoolStreamPtr stream = impl_->state.find(id);
  impl_->state.check_accepts(*stream, "end");
  const bool was_idle = impl_->state.idle();
  impl_->state.end(stream, duration, impl_->now());
  impl_->added(was_idle);
  impl_->room_came.notify_all();
}

StreamDetections StreamPool::poll(StreamId id) {
  const Lock lock(impl_->mutex);
  const PoolStreamPtr stream = impl_->state.find(id);
  StreamDetections found = impl_->state.take_finals(*stream);
  if (found.size() == 0 && stream->error) throw Error(*stream->error);
  return found;
}

bool StreamPool::wait(StreamId id, double timeout) {
  check_seconds("timeout", timeout, kUnlimited);
  Lock lock(impl_->mutex);
  const PoolStreamPtr stream = impl_->state.find(id);
  const auto settled = [&] { return stream->dropped || !stream->is_live(); };
  while (!impl_->threaded() && stream->status == StreamStatus::kEnding) {
    lock.unlock();
    step(true);
    lock.lock();
  }
  impl_->wait(lock, impl_->news_came, timeout, settled);
  return settled();
}

StreamDetections StreamPool::close(StreamId id, std::optional<double> duration) {
  if (status(id) == StreamStatus::kOpen) end(id, duration);
  wait(id);
  const Lock lock(impl_->mutex);
  const PoolStreamPtr stream = impl_->state.find(id);
  StreamDetections found = impl_->state.take_finals(*stream);
  impl_->state.forget(stream);
  if (stream->error) throw Error(*stream->error);
  return found;
}

void StreamPool::drop(StreamId id) {
  {
    const Lock lock(impl_->mutex);
    impl_->state.forget(impl_->state.find(id));
  }
  impl_->work_came.notify_one();  // a batch may have waited for this stream
  impl_->room_came.notify_all();
  impl_->news_came.notify_all();
}

Detections StreamPool::pending(StreamId id) const {
  PoolStreamPtr stream;
  {
    const Lock lock(impl_->mutex);
    stream = impl_->state.find(id);
    if (stream->error) throw Error(*stream->error);
  }
  const std::lock_guard<std::mutex> lock(stream->post_mutex);
  return stream->post.pending();
}

std::vector<StreamId> StreamPool::ready(double timeout) {
  check_seconds("timeout", timeout, kUnlimited);
  Lock lock(impl_->mutex);
  const auto& news = impl_->state.news();
  impl_->wait(lock, impl_->news_came, timeout, [&] { return !news.empty(); });
  return {news.begin(), news.end()};
}

StreamStatus StreamPool::status(StreamId id) const {
  const Lock lock(impl_->mutex);
  return impl_->state.find(id)->status;
}

PoolStreamStatistics StreamPool::statistics(StreamId id) const {
  const Lock lock(impl_->mutex);
  return impl_->state.find(id)->statistics;
}

PoolStatistics StreamPool::statistics() const {
  const Lock lock(impl_->mutex);
  return impl_->state.statistics();
}

bool StreamPool::step(bool force) {
  if (impl_->threaded()) {
    throw Error(ErrorCode::kInvalidState, "step is for a pool without a thread");
  }
  const std::lock_guard<std::mutex> one_at_a_time(impl_->drive_mutex);
  Lock lock(impl_->mutex);
  if (impl_->state.idle() || (!force && impl_->state.due() > impl_->now())) return false;
  impl_->run_batch(lock);
  return true;
}

void StreamPool::shutdown(Shutdown how) {
  bool is_worker = false;
  {
    const Lock lock(impl_->mutex);
    is_worker = impl_->worker == std::this_thread::get_id();
    const bool first = impl_->state.accepting();
    impl_->state.stop_accepting();
    if (how == Shutdown::kDiscard) {
      impl_->state.fail_all("the pool was shut down before it ended");
    } else if (first) {
      impl_->state.end_all(impl_->now());
    }
  }
  impl_->work_came.notify_all();
  impl_->room_came.notify_all();
  impl_->news_came.notify_all();
  while (!impl_->threaded() && step(true)) {
  }
  if (is_worker) return;
  const std::lock_guard<std::mutex> lock(impl_->thread_mutex);
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace basnet_rt
