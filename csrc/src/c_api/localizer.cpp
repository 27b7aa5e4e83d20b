// A stream of features over a model.

#include "calls.h"
#include "model_handle.h"

struct basnet_rt_localizer : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kLocalizer> {
  explicit basnet_rt_localizer(basnet_rt::engine::StreamingLocalizer&& stream)
      : value(std::move(stream)) {}
  basnet_rt::engine::StreamingLocalizer value;
};

using namespace basnet_rt::c_api;

namespace {

using basnet_rt::engine::StreamingLocalizer;

StreamingLocalizer& open(basnet_rt_localizer* localizer) {
  return handle(localizer, "localizer").value;
}
const StreamingLocalizer& open(const basnet_rt_localizer* localizer) {
  return handle(localizer, "localizer").value;
}

basnet_rt::StreamingOptions options_of(const double* thresholds, int64_t num_thresholds,
                                       double hold, int32_t zero_bad_features) {
  if (zero_bad_features != 0 && zero_bad_features != 1) {
    throw basnet_rt::Error(
        basnet_rt::ErrorCode::kInvalidArgument,
        "zero_bad_features is " + std::to_string(zero_bad_features) + "; it must be 0 or 1");
  }
  basnet_rt::StreamingOptions options;
  options.zero_bad_features = zero_bad_features == 1;
  if (num_thresholds != 0) {
    options.alarm =
        basnet_rt::AlarmConfig{vector_of(thresholds, num_thresholds, "thresholds"), hold};
  }
  return options;
}

}  // namespace

basnet_rt_status basnet_rt_localizer_create(const basnet_rt_model* model,
                                            const basnet_rt_config* config,
                                            const double* thresholds, int64_t num_thresholds,
                                            double hold, int32_t zero_bad_features,
                                            basnet_rt_localizer** localizer) {
  return guarded([&] {
    not_null(localizer, "localizer");
    *localizer = new basnet_rt_localizer(
        StreamingLocalizer(handle(model, "model").value, config_or_own(config),
                           options_of(thresholds, num_thresholds, hold, zero_bad_features)));
  });
}

void basnet_rt_localizer_free(basnet_rt_localizer** localizer) { release(localizer); }

basnet_rt_status basnet_rt_localizer_push(basnet_rt_localizer* localizer,
                                          const basnet_rt_rows* features,
                                          basnet_rt_detections** finals) {
  return detections(finals, "finals", [&] { return open(localizer).push(features_of(features)); });
}

basnet_rt_status basnet_rt_localizer_pending(const basnet_rt_localizer* localizer,
                                             basnet_rt_detections** found) {
  return detections(found, "found", [&] { return open(localizer).pending(); });
}

basnet_rt_status basnet_rt_localizer_onsets(basnet_rt_localizer* localizer,
                                            basnet_rt_onsets** found) {
  return new_handle(found, "found", [&](basnet_rt_onsets& made) {
    for (const basnet_rt::Onset& onset : open(localizer).onsets()) made.add(onset);
  });
}

basnet_rt_status basnet_rt_localizer_gap(basnet_rt_localizer* localizer, int64_t snippets,
                                         basnet_rt_detections** finals) {
  return detections(finals, "finals", [&] { return open(localizer).gap(snippets); });
}

basnet_rt_status basnet_rt_localizer_finish(basnet_rt_localizer* localizer, const double* duration,
                                            basnet_rt_detections** finals) {
  return detections(finals, "finals",
                    [&] { return open(localizer).finish(optional_of(duration)); });
}

basnet_rt_status basnet_rt_localizer_reset(basnet_rt_localizer* localizer) {
  return guarded([&] { open(localizer).reset(); });
}

basnet_rt_status basnet_rt_localizer_save(const basnet_rt_localizer* localizer,
                                          basnet_rt_bytes** bytes) {
  return new_handle(bytes, "bytes",
                    [&](basnet_rt_bytes& made) { made.value = open(localizer).save(); });
}

basnet_rt_status basnet_rt_localizer_load(basnet_rt_localizer* localizer, const void* data,
                                          size_t size) {
  return guarded(
      [&] { open(localizer).load({static_cast<const char*>(not_null(data, "data")), size}); });
}

basnet_rt_status basnet_rt_localizer_num_snippets(const basnet_rt_localizer* localizer,
                                                  int64_t* snippets) {
  return value_of(snippets, "snippets", [&] { return open(localizer).num_snippets(); });
}

basnet_rt_status basnet_rt_localizer_finished(const basnet_rt_localizer* localizer,
                                              int32_t* finished) {
  return value_of(finished, "finished", [&] { return open(localizer).finished(); });
}
