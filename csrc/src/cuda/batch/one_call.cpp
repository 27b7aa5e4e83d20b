// A batch in one call: memory, launches, waiting, and a second try if memory was short.

#include "basnet_rt/cuda.h"
#include "cuda/batch/host_batch.h"
#include "cuda/device/device.cuh"

namespace basnet_rt {
namespace {

using cuda::MemoryKind;

// Allocating memory costs more than a batch, so a thread keeps the memory of its last call.
struct KeptMemory {
  int device = -1;
  cuda::Memory scratch{MemoryKind::kDevice};
  cuda::Memory input{MemoryKind::kDevice};
  cuda::Memory results{MemoryKind::kPinned};
};

KeptMemory& kept_for(int device) {
  thread_local KeptMemory kept;
  if (kept.device != device) {
    for (cuda::Memory* memory : {&kept.scratch, &kept.input, &kept.results}) memory->free();
    kept.device = device;
  }
  return kept;
}

// Copies arrays into one block on the device, one after the other.
class Upload {
 public:
  explicit Upload(const cuda::HostBatch& host, cuda::Memory& memory) : memory_(memory) {
    memory.reserve(room(host.cas) + room(host.video_scores) + room(host.raw_cas));
  }

  const float* put(const std::vector<float>& values) {
    if (values.empty()) return nullptr;
    char* place = static_cast<char*>(memory_.data()) + used_;
    cuda::check(
        cudaMemcpy(place, values.data(), values.size() * sizeof(float), cudaMemcpyHostToDevice),
        "copying a batch to the device");
    used_ += room(values);
    return reinterpret_cast<const float*>(place);
  }

 private:
  static std::size_t room(const std::vector<float>& values) {
    constexpr std::size_t kAlignment = 256;
    return (values.size() * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
  }

  cuda::Memory& memory_;
  std::size_t used_ = 0;
};

}  // namespace

std::vector<Detections> postprocess_batch_cuda(const DeviceBatch& batch,
                                               const std::vector<VideoShape>& videos,
                                               std::int64_t num_classes,
                                               const PostprocessConfig& config, int device,
                                               void* stream) {
  CudaLimits limits;
  for (;;) {
    const CudaPostprocessor postprocessor(config, num_classes, videos, device, limits);
    if (videos.empty()) return {};
    const cuda::DeviceGuard guard(device);
    KeptMemory& kept = kept_for(device);
    kept.scratch.reserve(postprocessor.scratch_bytes());
    kept.results.reserve(postprocessor.result_bytes());
    postprocessor.enqueue(batch, kept.scratch.data(), kept.results.data(), stream);
    cuda::check(cudaStreamSynchronize(static_cast<cudaStream_t>(stream)),
                "post-processing on " + cuda::name_of(device));
    const auto shortage = postprocessor.shortage(kept.results.data());
    if (!shortage) return postprocessor.read(kept.results.data());
    limits = *shortage;
  }
}

std::vector<Detections> postprocess_batch_cuda(const std::vector<VideoInput>& videos,
                                               const PostprocessConfig& config, int device) {
  cuda::require_device(device);
  const cuda::HostBatch host = cuda::pack(videos, config);
  if (videos.empty()) return {};
  const cuda::DeviceGuard guard(device);
  Upload upload(host, kept_for(device).input);
  DeviceBatch batch;
  batch.cas = upload.put(host.cas);
  batch.row_stride = host.num_classes;
  batch.video_scores = upload.put(host.video_scores);
  batch.raw_cas = upload.put(host.raw_cas);
  return postprocess_batch_cuda(batch, host.shapes, host.num_classes, config, device, nullptr);
}

}  // namespace basnet_rt
