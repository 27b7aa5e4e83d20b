#include "basnet_rt/stream.h"

#include <string_view>

#include "calls.h"

using namespace basnet_rt::c_api;

namespace {

basnet_rt::StreamPostprocessor& open(basnet_rt_stream* stream) {
  return handle(stream, "stream").value;
}
const basnet_rt::StreamPostprocessor& open(const basnet_rt_stream* stream) {
  return handle(stream, "stream").value;
}

}  // namespace

basnet_rt_status basnet_rt_stream_create(const basnet_rt_config* config, int64_t num_classes,
                                         double snippet_seconds, basnet_rt_stream** stream) {
  return guarded([&] {
    not_null(stream, "stream");
    const auto& settings = handle(config, "config").value;
    *stream = new basnet_rt_stream({settings, num_classes, snippet_seconds});
  });
}

void basnet_rt_stream_free(basnet_rt_stream** stream) { release(stream); }

basnet_rt_status basnet_rt_stream_push(basnet_rt_stream* stream, const basnet_rt_rows* activations,
                                       const basnet_rt_rows* raw_cas,
                                       basnet_rt_detections** finals) {
  return detections(finals, "finals", [&] {
    const auto view = view_of(*not_null(activations, "activations"), "activations");
    const auto raw = raw_cas == nullptr ? basnet_rt::CasView{} : view_of(*raw_cas, "raw_cas");
    return open(stream).push(view, raw);
  });
}

basnet_rt_status basnet_rt_stream_pending(const basnet_rt_stream* stream,
                                          basnet_rt_detections** found) {
  return detections(found, "found", [&] { return open(stream).pending(); });
}

basnet_rt_status basnet_rt_stream_gap(basnet_rt_stream* stream, int64_t snippets,
                                      basnet_rt_detections** finals) {
  return detections(finals, "finals", [&] { return open(stream).gap(snippets); });
}

basnet_rt_status basnet_rt_stream_finish(basnet_rt_stream* stream, const double* duration,
                                         const float* video_scores, basnet_rt_detections** finals) {
  return detections(finals, "finals",
                    [&] { return open(stream).finish(optional_of(duration), video_scores); });
}

basnet_rt_status basnet_rt_stream_reset(basnet_rt_stream* stream) {
  return guarded([&] { open(stream).reset(); });
}

basnet_rt_status basnet_rt_stream_save(const basnet_rt_stream* stream, basnet_rt_bytes** bytes) {
  return new_handle(bytes, "bytes",
                    [&](basnet_rt_bytes& made) { made.value = open(stream).save(); });
}

basnet_rt_status basnet_rt_stream_load(const void* data, size_t size, basnet_rt_stream** stream) {
  return guarded([&] {
    not_null(stream, "stream");
    const std::string_view bytes(static_cast<const char*>(not_null(data, "data")), size);
    *stream = new basnet_rt_stream(basnet_rt::StreamPostprocessor::load(bytes));
  });
}

basnet_rt_status basnet_rt_stream_num_snippets(const basnet_rt_stream* stream, int64_t* snippets) {
  return value_of(snippets, "snippets", [&] { return open(stream).num_snippets(); });
}

basnet_rt_status basnet_rt_stream_buffered_snippets(const basnet_rt_stream* stream,
                                                    int64_t* snippets) {
  return value_of(snippets, "snippets", [&] { return open(stream).buffered_snippets(); });
}

basnet_rt_status basnet_rt_stream_finished(const basnet_rt_stream* stream, int32_t* finished) {
  return value_of(finished, "finished", [&] { return open(stream).finished(); });
}

basnet_rt_status basnet_rt_stream_same_settings(const basnet_rt_stream* stream,
                                                const basnet_rt_stream* other, int32_t* same) {
  return value_of(same, "same",
                  [&] { return open(stream).same_settings(handle(other, "other").value); });
}
