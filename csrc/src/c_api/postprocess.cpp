#include "basnet_rt/postprocess.h"

#include <algorithm>
#include <memory>

#include "calls.h"

using namespace basnet_rt::c_api;

namespace {

using Made = std::unique_ptr<basnet_rt_detections>;

// The distance between two structs of an array is the struct's size in the caller's version.
const basnet_rt_video* video_at(const basnet_rt_video* videos, std::int64_t i) {
  const auto* bytes = reinterpret_cast<const char*>(videos);
  return reinterpret_cast<const basnet_rt_video*>(bytes + i * std::int64_t(videos->struct_size));
}

std::vector<basnet_rt::VideoInput> inputs_of(const basnet_rt_video* videos, std::int64_t count) {
  std::vector<basnet_rt::VideoInput> inputs;
  for (std::int64_t i = 0; i < count; ++i) {
    const basnet_rt_video* video = video_at(videos, i);
    const std::string place = "videos[" + std::to_string(i) + "]";
    if (video->struct_size != videos->struct_size) {
      throw basnet_rt::Error(basnet_rt::ErrorCode::kInvalidArgument,
                             place + ".struct_size differs from that of videos[0]");
    }
    try {
      inputs.push_back(video_of(video));
    } catch (const basnet_rt::Error& error) {
      throw basnet_rt::Error(error.code(), place + ": " + error.what());
    }
  }
  return inputs;
}

std::vector<Made> taken(std::vector<basnet_rt::Detections>&& found) {
  std::vector<Made> made;
  for (basnet_rt::Detections& one : found) {
    made.push_back(std::make_unique<basnet_rt_detections>());
    made.back()->take(std::move(one));
  }
  return made;
}

}  // namespace

basnet_rt_status basnet_rt_propose(const basnet_rt_video* video, const basnet_rt_config* config,
                                   basnet_rt_proposals** found) {
  return new_handle(found, "found", [&](basnet_rt_proposals& made) {
    made.value = basnet_rt::propose(video_of(video), handle(config, "config").value);
  });
}

basnet_rt_status basnet_rt_postprocess(const basnet_rt_video* video, const basnet_rt_config* config,
                                       basnet_rt_detections** found) {
  return detections(found, "found", [&] {
    return basnet_rt::postprocess(video_of(video), handle(config, "config").value);
  });
}

basnet_rt_status basnet_rt_postprocess_batch(const basnet_rt_video* videos, int64_t count,
                                             const basnet_rt_config* config, int32_t num_threads,
                                             basnet_rt_detections** found) {
  return guarded([&] {
    const auto& settings = handle(config, "config").value;
    if (size_of(count, "videos") > 0) {
      not_null(videos, "videos");
      not_null(found, "found");
    }
    std::vector<Made> made =
        taken(basnet_rt::postprocess_batch(inputs_of(videos, count), settings, num_threads));
    for (Made& one : made) *found++ = one.release();
  });
}

basnet_rt_status basnet_rt_video_scores(const basnet_rt_rows* raw_cas,
                                        const basnet_rt_config* config, float* scores) {
  return guarded([&] {
    not_null(scores, "scores");
    const auto view = view_of(*not_null(raw_cas, "raw_cas"), "raw_cas");
    const auto computed = basnet_rt::video_scores(view, handle(config, "config").value);
    std::copy(computed.begin(), computed.end(), scores);
  });
}
