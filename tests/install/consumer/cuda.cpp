// Asks the installed library for its CUDA backend where no GPU can be seen, and works on without.
//
// Prints "built" or "not built", why there is no device, the error of a batch on a GPU, and what
// the CPU then finds.

#include <basnet_rt/cuda.h>
#include <basnet_rt/error.h>
#include <basnet_rt/postprocess.h>

#include <iostream>

int main() {
  const basnet_rt::CudaSupport support = basnet_rt::cuda_support();
  if (support.num_devices != 0) return 1;
  std::cout << (support.built ? "built" : "not built") << "\n" << support.reason << "\n";
  const float activations[] = {0.0f, 1.0f, 0.0f};
  basnet_rt::PostprocessConfig config;
  config.cas_thresholds = {0.5};
  config.gate = basnet_rt::Gate::kNone;
  basnet_rt::VideoInput video;
  video.cas = {activations, 3, 1, 1};
  video.snippet_seconds = 1.0;
  try {
    basnet_rt::postprocess_batch_cuda({video}, config);
    return 1;
  } catch (const basnet_rt::Error& error) {
    if (error.code() != basnet_rt::ErrorCode::kUnavailable) return 1;
    std::cout << error.what() << "\n";
  }
  const basnet_rt::Detections found = basnet_rt::postprocess(video, config);
  for (const basnet_rt::Segment& segment : found.segments) {
    std::cout << segment.start << " " << segment.end << "\n";
  }
}
