#include <algorithm>
#include <memory>

#include "basnet_rt/c_pool.h"
#include "calls.h"
#include "pool_network.h"
#include "pool_options.h"

struct basnet_rt_pool : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kPool> {
  template <class... Arguments>
  explicit basnet_rt_pool(const Arguments&... arguments) : value(arguments...) {}
  basnet_rt::StreamPool value;
};

using namespace basnet_rt::c_api;

namespace {

basnet_rt::StreamPool& open(basnet_rt_pool* pool) { return handle(pool, "pool").value; }
const basnet_rt::StreamPool& open(const basnet_rt_pool* pool) { return handle(pool, "pool").value; }

basnet_rt::FeatureView features_of(const basnet_rt_rows* rows) {
  const basnet_rt::CasView view = view_of(*not_null(rows, "features"), "features");
  if (view.row_stride != view.num_classes && view.num_snippets > 1) {
    throw basnet_rt::Error(basnet_rt::ErrorCode::kInvalidArgument,
                           "features.row_stride is " + std::to_string(view.row_stride) +
                               "; a pool takes contiguous rows of " +
                               std::to_string(view.num_classes));
  }
  return {view.data, view.num_snippets, view.num_classes};
}

}  // namespace

basnet_rt_status basnet_rt_pool_create(const basnet_rt_pool_network* network,
                                       const basnet_rt_config* config, int64_t num_classes,
                                       int64_t feature_dim, double snippet_seconds,
                                       const basnet_rt_pool_options* options,
                                       basnet_rt_pool** pool) {
  return guarded([&] {
    not_null(pool, "pool");
    const auto& settings = handle(config, "config").value;
    const auto chosen =
        options == nullptr ? basnet_rt::PoolOptions{} : handle(options, "options").value;
    const bool wants_raw = settings.gate != basnet_rt::Gate::kNone;
    const auto functions = std::make_shared<CNetwork>(network, num_classes, wants_raw);
    auto made = std::make_unique<basnet_rt_pool>(functions, settings, num_classes, feature_dim,
                                                 snippet_seconds, chosen);
    functions->own();
    *pool = made.release();
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
    if (size_of(capacity, "streams") > 0) not_null(streams, "streams");
    not_null(num_ready, "num_ready");
    const std::vector<basnet_rt::StreamId> found = open(pool).ready(timeout);
    const auto count = std::min(capacity, static_cast<std::int64_t>(found.size()));
    std::copy(found.begin(), found.begin() + count, streams);
    *num_ready = count;
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
