#include "basnet_rt/stream_pool.h"

#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "formulas/video_section.h"
#include "pool/checks.h"
#include "pool/impl.h"
#include "pool/saved.h"
#include "settings/validate.h"

namespace basnet_rt {

using cpu::PoolStreamPtr;
using Lock = std::unique_lock<std::mutex>;

std::string PoolNetwork::save(std::int64_t) {
  throw Error(ErrorCode::kInvalidState, "this network cannot save its streams");
}

void PoolNetwork::load(std::int64_t, std::string_view) {
  throw Error(ErrorCode::kInvalidState, "this network cannot go on with a saved stream");
}

StreamPool::StreamPool(std::shared_ptr<PoolNetwork> network, const PostprocessConfig& config,
                       std::int64_t num_classes, std::int64_t feature_dim, double snippet_seconds,
                       const PoolOptions& options) {
  if (network == nullptr) fail("network is null");
  cpu::check_at_least("feature_dim", feature_dim, 1);
  cpu::check_options(options);
  const StreamPostprocessor checks_the_rest(config, num_classes, snippet_seconds);
  if (options.alarm) OnsetDetector(*options.alarm, config, num_classes, snippet_seconds);
  if (options.backend) cpu::check_backend(options, checks_the_rest);
  const cpu::PoolSettings settings{config, num_classes, feature_dim, snippet_seconds, options};
  impl_ = std::make_shared<Impl>(std::move(network), settings);
  // The thread shares ownership: the last other owner may be destroyed on it (see ~StreamPool).
  if (options.threaded) impl_->thread = std::thread([impl = impl_] { impl->work(); });
}

// A callback may destroy the pool on the pool's own thread, as Python's garbage collector can. The
// thread cannot join itself; it then ends after that callback.
StreamPool::~StreamPool() {
  shutdown(Shutdown::kDiscard);
  if (impl_->thread.get_id() == std::this_thread::get_id()) impl_->thread.detach();
}

StreamId StreamPool::open() {
  const Lock lock = impl_->lock();
  return impl_->state.open();
}

bool StreamPool::push(StreamId id, const FeatureView& features, double timeout) {
  cpu::check_seconds("timeout", timeout, kUnlimited);
  const std::int64_t dim = impl_->settings.feature_dim;
  const std::int64_t bad =
      features.feature_dim == dim ? first_not_finite(features) : -1;  // unlocked
  Lock lock = impl_->lock();
  cpu::PoolState& state = impl_->state;
  const PoolStreamPtr stream = state.find(id);
  state.check_accepts(*stream, "push");
  cpu::check_features(*stream, features, dim, bad, impl_->settings.options.zero_bad_features);
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
  const Lock lock = impl_->lock();
  const PoolStreamPtr stream = impl_->state.find(id);
  if (snippets < 1 || snippets > kMostSnippets - stream->index) {
    fail("snippets is " + std::to_string(snippets) +
         "; a gap is of at least one snippet, and a stream of at most " +
         std::to_string(kMostSnippets));
  }
  impl_->state.check_accepts(*stream, "gap");
  const bool was_idle = impl_->state.idle();
  impl_->state.push_gap(stream, snippets, impl_->now());
  impl_->added(was_idle);
}

void StreamPool::end(StreamId id, std::optional<double> duration) {
  const Lock lock = impl_->lock();
  const PoolStreamPtr stream = impl_->state.find(id);
  impl_->state.check_accepts(*stream, "end");
  const bool was_idle = impl_->state.idle();
  impl_->state.end(stream, duration, impl_->now());
  impl_->added(was_idle);
  impl_->room_came.notify_all();
}

StreamDetections StreamPool::poll(StreamId id) {
  const Lock lock = impl_->lock();
  const PoolStreamPtr stream = impl_->state.find(id);
  StreamDetections found = impl_->state.take_finals(*stream);
  if (found.size() == 0 && stream->error) throw Error(*stream->error);
  return found;
}

std::vector<Onset> StreamPool::poll_onsets(StreamId id) {
  const Lock lock = impl_->lock();
  const PoolStreamPtr stream = impl_->state.find(id);
  std::vector<Onset> found = impl_->state.take_onsets(*stream);
  if (found.empty() && stream->error) throw Error(*stream->error);
  return found;
}

bool StreamPool::wait(StreamId id, double timeout) {
  cpu::check_seconds("timeout", timeout, kUnlimited);
  Lock lock = impl_->lock();
  const PoolStreamPtr stream = impl_->state.find(id);
  const auto settled = [&] { return stream->dropped || !stream->is_live(); };
  // Another thread may drop the stream, whose status then remains.
  while (!impl_->threaded() && !settled() && stream->status == StreamStatus::kEnding) {
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
  const Lock lock = impl_->lock();
  const PoolStreamPtr stream = impl_->state.find(id);
  StreamDetections found = impl_->state.take_finals(*stream);
  impl_->state.forget(stream);
  if (stream->error) throw Error(*stream->error);
  return found;
}

void StreamPool::drop(StreamId id) {
  {
    const Lock lock = impl_->lock();
    impl_->state.forget(impl_->state.find(id));
  }
  impl_->wake_all();  // a batch may have waited for this stream, or a push into it
}

Detections StreamPool::pending(StreamId id) const {
  PoolStreamPtr stream;
  {
    Lock lock = impl_->lock();
    stream = impl_->state.find(id);
    if (stream->error) throw Error(*stream->error);
    if (impl_->backend() != nullptr) return impl_->ask_backend(lock, stream);
  }
  const std::lock_guard<std::mutex> lock(stream->post_mutex);
  return stream->post.pending();
}

std::vector<StreamId> StreamPool::ready(double timeout) {
  cpu::check_seconds("timeout", timeout, kUnlimited);
  Lock lock = impl_->lock();
  const auto& news = impl_->state.news();
  impl_->wait(lock, impl_->news_came, timeout, [&] { return !news.empty(); });
  return {news.begin(), news.end()};
}

std::string StreamPool::save(StreamId id) {
  Lock lock = impl_->lock();
  const cpu::NetworkAccess::Guest guest(impl_->access, lock);
  const PoolStreamPtr stream = impl_->state.find(id);
  if (stream->error) throw Error(*stream->error);
  const bool in_backend = stream->in_backend && stream->is_live();
  // The lock stays held, so that the bytes of the stream and of its slot belong together.
  std::string post = in_backend ? impl_->backend()->save(stream->slot) : stream->post.save();
  std::string bytes = cpu::stream_bytes(*stream, post, impl_->settings);
  if (stream->fed == 0) return cpu::sealed(std::move(bytes), std::nullopt);
  const std::int64_t slot = stream->slot;
  lock.unlock();  // a network may take long, or need another lock such as Python's
  return cpu::sealed(std::move(bytes), impl_->network->save(slot));
}

StreamId StreamPool::restore(std::string_view bytes) {
  cpu::SavedStream saved = cpu::read_stream(bytes, impl_->settings, impl_->now());
  Lock lock = impl_->lock();
  if (!saved.stream->is_live()) return impl_->state.adopt(saved.stream, -1);
  const std::int64_t slot = impl_->state.reserve_slot();
  try {
    impl_->load_slot(lock, slot, saved);
  } catch (...) {
    impl_->state.release_slot(slot);
    throw;
  }
  const bool was_idle = impl_->state.idle();
  const StreamId id = impl_->state.adopt(saved.stream, slot);
  impl_->added(was_idle);
  impl_->news_came.notify_all();
  return id;
}

StreamStatus StreamPool::status(StreamId id) const {
  const Lock lock = impl_->lock();
  return impl_->state.find(id)->status;
}

PoolStreamStatistics StreamPool::statistics(StreamId id) const {
  const Lock lock = impl_->lock();
  return impl_->state.find(id)->statistics;
}

PoolStatistics StreamPool::statistics() const {
  const Lock lock = impl_->lock();
  return impl_->state.statistics();
}

bool StreamPool::step(bool force) {
  if (impl_->threaded()) {
    throw Error(ErrorCode::kInvalidState, "step is for a pool without a thread");
  }
  const std::lock_guard<std::mutex> one_at_a_time(impl_->drive_mutex);
  Lock lock = impl_->lock();
  impl_->access.await_batch(lock);
  if (impl_->state.idle() || (!force && impl_->state.due() > impl_->now())) return false;
  impl_->run_batch(lock);
  return true;
}

void StreamPool::shutdown(Shutdown how) {
  if (impl_->is_of_parent()) return;  // its thread is not there to be joined
  bool is_worker = false;
  {
    const Lock lock = impl_->lock();
    is_worker = impl_->worker == std::this_thread::get_id();
    const bool first = impl_->state.accepting();
    impl_->state.stop_accepting();
    if (how == Shutdown::kDiscard) {
      impl_->state.fail_all("the pool was shut down before it ended");
    } else if (first) {
      impl_->state.end_all(impl_->now());
    }
  }
  impl_->wake_all();
  while (!impl_->threaded() && step(true)) {
  }
  if (is_worker) return;
  const std::lock_guard<std::mutex> lock(impl_->thread_mutex);
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace basnet_rt
