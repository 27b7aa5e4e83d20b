#include "basnet_rt/onset.h"

#include "calls.h"

using namespace basnet_rt::c_api;

namespace {

basnet_rt::OnsetDetector& open(basnet_rt_onset_detector* detector) {
  return handle(detector, "detector").value;
}

}  // namespace

basnet_rt_status basnet_rt_onset_detector_create(const basnet_rt_config* config,
                                                 const double* thresholds, int64_t num_thresholds,
                                                 double hold, int64_t num_classes,
                                                 double snippet_seconds,
                                                 basnet_rt_onset_detector** detector) {
  return guarded([&] {
    not_null(detector, "detector");
    const auto& settings = handle(config, "config").value;
    const basnet_rt::AlarmConfig alarm{vector_of(thresholds, num_thresholds, "thresholds"), hold};
    *detector = new basnet_rt_onset_detector({alarm, settings, num_classes, snippet_seconds});
  });
}

void basnet_rt_onset_detector_free(basnet_rt_onset_detector** detector) { release(detector); }

basnet_rt_status basnet_rt_onset_detector_push(basnet_rt_onset_detector* detector,
                                               const basnet_rt_rows* activations,
                                               basnet_rt_onsets** found) {
  return new_handle(found, "found", [&](basnet_rt_onsets& made) {
    const auto view = view_of(*not_null(activations, "activations"), "activations");
    for (const basnet_rt::Onset& onset : open(detector).push(view)) made.add(onset);
  });
}

basnet_rt_status basnet_rt_onset_detector_gap(basnet_rt_onset_detector* detector,
                                              int64_t snippets) {
  return guarded([&] { open(detector).gap(snippets); });
}

basnet_rt_status basnet_rt_onset_detector_save(const basnet_rt_onset_detector* detector,
                                               basnet_rt_bytes** bytes) {
  return new_handle(bytes, "bytes", [&](basnet_rt_bytes& made) {
    made.value = handle(detector, "detector").value.save();
  });
}

basnet_rt_status basnet_rt_onset_detector_load(basnet_rt_onset_detector* detector, const void* data,
                                               size_t size) {
  return guarded(
      [&] { open(detector).load({static_cast<const char*>(not_null(data, "data")), size}); });
}
