// Finds one segment through the installed library, and meets one of its errors.

#include <basnet_rt/error.h>
#include <basnet_rt/postprocess.h>
#include <basnet_rt/version.h>

#include <iostream>

int main() {
  const float activations[] = {0.0f, 1.0f, 0.0f};
  basnet_rt::PostprocessConfig config;
  config.cas_thresholds = {0.5};
  config.gate = basnet_rt::Gate::kNone;
  basnet_rt::VideoInput video;
  video.cas = {activations, 3, 1, 1};
  video.snippet_seconds = 1.0;
  const basnet_rt::Detections found = basnet_rt::postprocess(video, config);
  for (const basnet_rt::Segment& segment : found.segments) {
    std::cout << segment.start << " " << segment.end << "\n";
  }
  try {
    video.snippet_seconds = 0.0;
    basnet_rt::postprocess(video, config);
  } catch (const basnet_rt::Error& error) {
    std::cout << basnet_rt::version() << "\n";
    return 0;
  }
  return 1;
}
