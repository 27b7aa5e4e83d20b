#include "pool/impl.h"

#include <exception>
#include <string>
#include <utility>

#include "basnet_rt/error.h"

#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace basnet_rt {

using Clock = std::chrono::steady_clock;

double StreamPool::Impl::steady_seconds() {
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

Clock::time_point StreamPool::Impl::time_point(double seconds) {
  return Clock::time_point(
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)));
}

long StreamPool::Impl::current_process() {
#if defined(__unix__) || defined(__APPLE__)
  return static_cast<long>(getpid());
#else
  return 0;
#endif
}

bool StreamPool::Impl::is_of_parent() const { return threaded() && process_ != current_process(); }

StreamPool::Impl::Lock StreamPool::Impl::lock() const {
  if (is_of_parent()) {
    throw Error(ErrorCode::kInvalidState,
                "this pool was made before the process forked, and its thread is not in this "
                "process; make a pool after the fork");
  }
  return Lock(mutex);
}

double StreamPool::Impl::now() const {
  return settings.options.clock ? settings.options.clock() : steady_seconds();
}

void StreamPool::Impl::work() {
  Lock lock(mutex);
  worker = std::this_thread::get_id();
  for (;;) {
    access.await_batch(lock);
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

// If cpu::run_batch fails for no particular stream (out of memory), all its streams fail, not the
// process.
void StreamPool::Impl::run_batch(Lock& lock) {
  access.begin_batch();
  try {
    const cpu::PoolWork work = state.take_work(now());
    lock.unlock();
    room_came.notify_all();
    const double begin = steady_seconds();
    cpu::BatchOutcome outcome = cpu::run_batch(*network, backend(), work);
    const double seconds = steady_seconds() - begin;
    lock.lock();
    state.deliver(work, std::move(outcome), seconds);
  } catch (const std::exception& error) {
    if (!lock.owns_lock()) lock.lock();
    state.fail_all(std::string("the pool failed: ") + error.what());
  }
  access.end_batch();
  news_came.notify_all();
}

bool StreamPool::Impl::wait_for_room(Lock& lock, const cpu::PoolStreamPtr& stream,
                                     std::int64_t rows, double timeout) {
  const auto settled = [&] {
    return stream->dropped || stream->status != StreamStatus::kOpen || !state.accepting() ||
           state.has_room(*stream, rows);
  };
  wait(lock, room_came, timeout, settled);
  state.check_accepts(*stream, "push");
  return state.has_room(*stream, rows);
}

void StreamPool::Impl::load_slot(Lock& lock, std::int64_t slot, const cpu::SavedStream& saved) {
  if (!saved.network && backend() == nullptr) return;
  {
    const cpu::NetworkAccess::Guest guest(access, lock);
    lock.unlock();
    if (saved.network) network->load(slot, *saved.network);
    if (backend() != nullptr) {
      cpu::PoolStream& stream = *saved.stream;
      backend()->load(slot, stream.post.save());
      stream.post.reset();
      stream.in_backend = true;
    }
  }
  if (!state.accepting()) throw Error(ErrorCode::kInvalidState, "restore after shutdown");
}

Detections StreamPool::Impl::ask_backend(Lock& lock, const cpu::PoolStreamPtr& stream) {
  const cpu::NetworkAccess::Guest guest(access, lock);
  if (stream->error) throw Error(*stream->error);
  if (stream->dropped || !stream->is_live() || !stream->in_backend) return {};
  StreamTurn turn;
  turn.slot = stream->slot;
  turn.mark = StreamMark::kPending;
  lock.unlock();
  StreamTurnResult result = std::move(backend()->step({turn}, {}).front());
  if (result.error) throw Error(*result.error);
  StreamDetections& finals = result.finals;
  return {std::move(finals.labels), std::move(finals.scores), std::move(finals.segments)};
}

void StreamPool::Impl::wake_all() {
  work_came.notify_all();
  room_came.notify_all();
  news_came.notify_all();
}

}  // namespace basnet_rt
