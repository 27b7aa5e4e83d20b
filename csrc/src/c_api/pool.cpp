#include <algorithm>
#include <memory>

#include "calls.h"
#include "pool_handle.h"
#include "pool_network.h"
#include "pool_options.h"

using namespace basnet_rt::c_api;

namespace {

// The first `most` of the sorted streams behind `last`; the smallest come behind the largest.
std::vector<basnet_rt::StreamId> some_behind(std::vector<basnet_rt::StreamId> streams,
                                             basnet_rt::StreamId last, std::size_t most) {
  if (streams.size() <= most) return streams;
  const auto begin = std::upper_bound(streams.begin(), streams.end(), last);
  std::rotate(streams.begin(), begin, streams.end());
  streams.resize(most);
  return streams;
}

basnet_rt::StreamPool& open(basnet_rt_pool* pool) { return *handle(pool, "pool").value; }
const basnet_rt::StreamPool& open(const basnet_rt_pool* pool) {
  return *handle(pool, "pool").value;
}

}  // namespace

basnet_rt_status basnet_rt_pool_create(const basnet_rt_pool_network* network,
                                       const basnet_rt_config* config, int64_t num_classes,
                                       int64_t feature_dim, double snippet_seconds,
                                       const basnet_rt_pool_options* options,
                                       basnet_rt_pool** pool) {
  return new_handle(pool, "pool", [&](basnet_rt_pool& made) {
    const auto& settings = handle(config, "config").value;
    const auto chosen =
        options == nullptr ? basnet_rt::PoolOptions{} : handle(options, "options").value;
    const bool wants_raw = settings.gate != basnet_rt::Gate::kNone;
    const auto functions = std::make_shared<CNetwork>(network, num_classes, wants_raw);
    made.value = std::make_unique<basnet_rt::StreamPool>(functions, settings, num_classes,
                                                         feature_dim, snippet_seconds, chosen);
    functions->own();
  });
}

void basnet_rt_pool_free(basnet_rt_pool** pool) { release(pool); }

basnet_rt_status basnet_rt_pool_open(basnet_rt_pool* pool, int64_t* stream) {
  return value_of(stream, "stream", [&] { return open(pool).open(); });
}

basnet_rt_status basnet_rt_pool_push(basnet_rt_pool* pool, int64_t stream,
                                     const basnet_rt_rows* features, double timeout,
                                     int32_t* taken) {
  return value_of(taken, "taken",
                  [&] { return open(pool).push(stream, features_of(features), timeout); });
}

basnet_rt_status basnet_rt_pool_gap(basnet_rt_pool* pool, int64_t stream, int64_t snippets) {
  return guarded([&] { open(pool).gap(stream, snippets); });
}

basnet_rt_status basnet_rt_pool_end(basnet_rt_pool* pool, int64_t stream, const double* duration) {
  return guarded([&] { open(pool).end(stream, optional_of(duration)); });
}

basnet_rt_status basnet_rt_pool_poll(basnet_rt_pool* pool, int64_t stream,
                                     basnet_rt_detections** finals) {
  return detections(finals, "finals", [&] { return open(pool).poll(stream); });
}

basnet_rt_status basnet_rt_pool_poll_onsets(basnet_rt_pool* pool, int64_t stream,
                                            basnet_rt_onsets** found) {
  return new_handle(found, "found", [&](basnet_rt_onsets& made) {
    for (const basnet_rt::Onset& onset : open(pool).poll_onsets(stream)) made.add(onset);
  });
}

basnet_rt_status basnet_rt_pool_pending(const basnet_rt_pool* pool, int64_t stream,
                                        basnet_rt_detections** found) {
  return detections(found, "found", [&] { return open(pool).pending(stream); });
}

basnet_rt_status basnet_rt_pool_wait(basnet_rt_pool* pool, int64_t stream, double timeout,
                                     int32_t* done) {
  return value_of(done, "done", [&] { return open(pool).wait(stream, timeout); });
}

basnet_rt_status basnet_rt_pool_close(basnet_rt_pool* pool, int64_t stream, const double* duration,
                                      basnet_rt_detections** finals) {
  return detections(finals, "finals",
                    [&] { return open(pool).close(stream, optional_of(duration)); });
}

basnet_rt_status basnet_rt_pool_drop(basnet_rt_pool* pool, int64_t stream) {
  return guarded([&] { open(pool).drop(stream); });
}

basnet_rt_status basnet_rt_pool_ready(basnet_rt_pool* pool, double timeout, int64_t* streams,
                                      int64_t capacity, int64_t* num_ready) {
  return guarded([&] {
    const std::size_t room = size_of(capacity, "streams");
    if (room > 0) not_null(streams, "streams");
    not_null(num_ready, "num_ready");
    const auto found = some_behind(open(pool).ready(timeout), pool->last_ready, room);
    if (!found.empty()) pool->last_ready = found.back();
    std::copy(found.begin(), found.end(), streams);
    *num_ready = static_cast<std::int64_t>(found.size());
  });
}

basnet_rt_status basnet_rt_pool_save(basnet_rt_pool* pool, int64_t stream,
                                     basnet_rt_bytes** bytes) {
  return new_handle(bytes, "bytes",
                    [&](basnet_rt_bytes& made) { made.value = open(pool).save(stream); });
}

basnet_rt_status basnet_rt_pool_restore(basnet_rt_pool* pool, const void* data, size_t size,
                                        int64_t* stream) {
  return value_of(stream, "stream", [&] {
    return open(pool).restore({static_cast<const char*>(not_null(data, "data")), size});
  });
}

basnet_rt_status basnet_rt_pool_status(const basnet_rt_pool* pool, int64_t stream,
                                       int32_t* status) {
  using basnet_rt::StreamStatus;
  static_assert(int(StreamStatus::kOpen) == BASNET_RT_STREAM_OPEN);
  static_assert(int(StreamStatus::kEnding) == BASNET_RT_STREAM_ENDING);
  static_assert(int(StreamStatus::kFinished) == BASNET_RT_STREAM_FINISHED);
  static_assert(int(StreamStatus::kFailed) == BASNET_RT_STREAM_FAILED);
  return value_of(status, "status", [&] { return open(pool).status(stream); });
}

basnet_rt_status basnet_rt_pool_step(basnet_rt_pool* pool, int32_t force, int32_t* ran) {
  return value_of(ran, "ran", [&] { return open(pool).step(force != 0); });
}

basnet_rt_status basnet_rt_pool_shutdown(basnet_rt_pool* pool, int32_t drain) {
  using basnet_rt::Shutdown;
  return guarded([&] { open(pool).shutdown(drain != 0 ? Shutdown::kDrain : Shutdown::kDiscard); });
}
