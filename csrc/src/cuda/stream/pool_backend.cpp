// Streams on a GPU as the backend of a pool.

#include <utility>

#include "basnet_rt/cuda_streams.h"
#include "cuda/device/device.cuh"
#include "cuda/stream/turn_parts.h"

namespace basnet_rt {
namespace {

class CudaStreamBackend : public StreamBackend {
 public:
  CudaStreamBackend(CudaStreamPostprocessor&& streams, int device)
      : streams_(std::move(streams)), device_(device) {}

  std::vector<StreamTurnResult> step(const std::vector<StreamTurn>& turns,
                                     const StreamRows& rows) override {
    const DeviceRows there = rows.on_device ? in_place(rows) : upload(rows);
    void* stream = rows.on_device ? rows.device_stream : nullptr;
    return cuda::step_in_parts(turns, streams_.max_rows(), [&](const auto& parts) {
      return streams_.step(parts, there, stream);
    });
  }

  std::string save(std::int64_t slot) override { return streams_.save(slot, nullptr); }
  void load(std::int64_t slot, std::string_view bytes) override {
    streams_.load(slot, bytes, nullptr);
  }
  std::int64_t max_streams() const override { return streams_.max_streams(); }

 private:
  DeviceRows in_place(const StreamRows& rows) const {
    return {rows.activations, streams_.num_classes(), rows.raw_cas, rows.num_rows};
  }

  // On the default stream, which the step that reads them is launched on.
  DeviceRows upload(const StreamRows& rows) {
    if (rows.num_rows == 0) return {};
    const cuda::DeviceGuard guard(device_);
    const std::int64_t classes = streams_.num_classes();
    DeviceRows there;
    there.activations = put(activations_, rows.activations, rows.num_rows * classes);
    there.row_stride = classes;
    if (rows.raw_cas != nullptr) {
      there.raw_cas = put(raw_cas_, rows.raw_cas, rows.num_rows * (classes + 1));
    }
    there.num_rows = rows.num_rows;
    return there;
  }

  static const float* put(cuda::Memory& memory, const float* values, std::int64_t count) {
    const auto bytes = static_cast<std::size_t>(count) * sizeof(float);
    memory.reserve(bytes);
    cuda::check(cudaMemcpyAsync(memory.data(), values, bytes, cudaMemcpyHostToDevice, nullptr),
                "copying activations to the device");
    return static_cast<const float*>(memory.data());
  }

  CudaStreamPostprocessor streams_;
  int device_;
  cuda::Memory activations_{cuda::MemoryKind::kDevice};
  cuda::Memory raw_cas_{cuda::MemoryKind::kDevice};
};

}  // namespace

std::shared_ptr<StreamBackend> cuda_stream_backend(const PostprocessConfig& config,
                                                   std::int64_t num_classes, double snippet_seconds,
                                                   std::int64_t max_streams, std::int64_t max_rows,
                                                   int device) {
  CudaStreamPostprocessor streams(config, num_classes, snippet_seconds, max_streams, max_rows,
                                  device);
  return std::make_shared<CudaStreamBackend>(std::move(streams), device);
}

}  // namespace basnet_rt
