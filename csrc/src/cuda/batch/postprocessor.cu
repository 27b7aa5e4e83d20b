#include <cstring>
#include <utility>

#include "basnet_rt/cuda.h"
#include "cuda/batch/pipeline.h"
#include "cuda/batch/plan.h"
#include "cuda/batch/read_result.h"
#include "cuda/batch/shapes.h"
#include "cuda/device/device.cuh"
#include "cuda/launch/cuda_launcher.cuh"

namespace basnet_rt {
namespace {

constexpr int kWarpsPerMultiprocessor = 16;  // 128 registers a lane leave room for as many

std::int64_t resident_teams(int device, std::int64_t most) {
  int multiprocessors = 0;
  cuda::check(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device),
              "asking for the size of " + cuda::name_of(device));
  const std::int64_t resident = std::int64_t{multiprocessors} * kWarpsPerMultiprocessor;
  return most < resident ? most : resident;
}

}  // namespace

class CudaPostprocessor::Impl {
 public:
  Impl(const PostprocessConfig& config, std::int64_t num_classes,
       const std::vector<VideoShape>& videos, int device, const CudaLimits& limits)
      : plan_(config, cuda::planned(videos, config, num_classes), num_classes),
        device_(device),
        constants_(cuda::MemoryKind::kDevice) {
    cuda::require_device(device);
    const cuda::DeviceGuard guard(device);
    limits_.max_detections =
        limits.max_detections > 0 ? limits.max_detections : plan_.usual_detections();
    limits_.pool_bytes = limits.pool_bytes > 0 ? limits.pool_bytes : plan_.usual_pool_bytes();
    cuda::check_listed(plan_, limits_.max_detections);
    sizes_ = {limits_.max_detections, limits_.pool_bytes, resident_teams(device, most_items()), 0};
    cudaError_t error = cudaSuccess;
    sizes_.sort_bytes = cuda::CudaLauncher::temporary_bytes(
        plan_.num_videos() * limits_.max_detections, plan_.num_videos(), plan_.num_rows(), error);
    cuda::check(error, "planning on " + cuda::name_of(device));
    const std::vector<char> constants = plan_.constants();
    constants_.reserve(constants.size() + 1);
    cuda::check(
        cudaMemcpy(constants_.data(), constants.data(), constants.size(), cudaMemcpyHostToDevice),
        "putting settings onto " + cuda::name_of(device));
    // The copy may not be finished, and a caller's stream need not wait for the default stream.
    cuda::check(cudaStreamSynchronize(nullptr), "putting settings onto " + cuda::name_of(device));
    settings_ = plan_.settings(static_cast<const char*>(constants_.data()), limits_.max_detections);
  }

  std::size_t scratch_bytes() const {
    std::int64_t bytes = 0;
    plan_.divide(nullptr, sizes_, &bytes);
    return static_cast<std::size_t>(bytes);
  }

  std::size_t result_bytes() const {
    std::int64_t bytes = 0;
    plan_.divide_result(nullptr, limits_.max_detections, &bytes);
    return static_cast<std::size_t>(bytes);
  }

  const CudaLimits& limits() const { return limits_; }

  void enqueue(const DeviceBatch& batch, void* scratch, void* results, void* stream) const {
    if (plan_.num_videos() == 0) return;
    cuda::check_batch(batch, plan_);
    const cuda::DeviceGuard guard(device_);
    require_reachable(batch, scratch, results);
    std::int64_t bytes = 0;
    cuda::CudaLauncher launcher(static_cast<cudaStream_t>(stream));
    cuda::run_pipeline(
        launcher, settings_, {batch.cas, batch.row_stride, batch.video_scores, batch.raw_cas},
        plan_.divide(static_cast<char*>(scratch), sizes_, &bytes),
        plan_.divide_result(static_cast<char*>(results), limits_.max_detections, &bytes));
    cuda::check(launcher.error(), "launching on " + cuda::name_of(device_));
  }

  std::optional<CudaLimits> shortage(const void* results) const {
    if (plan_.num_videos() == 0) return std::nullopt;
    const cuda::Needed needed = cuda::needed(plan_, *places(results).outcome, sizes_);
    if (needed.max_detections == limits_.max_detections &&
        needed.pool_bytes == limits_.pool_bytes) {
      return std::nullopt;
    }
    return CudaLimits{needed.max_detections, needed.pool_bytes};
  }

  std::vector<Detections> read(const void* results) const {
    if (plan_.num_videos() == 0) return {};
    if (shortage(results)) {
      throw Error(ErrorCode::kInvalidState,
                  "the batch needed more memory than it was given; ask `shortage` how much");
    }
    return cuda::read_result(plan_, places(results));
  }

 private:
  void require_reachable(const DeviceBatch& batch, const void* scratch, const void* results) const {
    cuda::require_reachable(batch.cas, "cas", device_);
    cuda::require_reachable(scratch, "scratch", device_);
    cuda::require_reachable(results, "results", device_);
    if (batch.video_scores != nullptr) {
      cuda::require_reachable(batch.video_scores, "video_scores", device_);
    }
    if (batch.raw_cas != nullptr) cuda::require_reachable(batch.raw_cas, "raw_cas", device_);
  }

  /// Rows, or the roots that they may hold.
  std::int64_t most_items() const {
    return plan_.config().mode == Mode::kPublished ? plan_.num_rows()
                                                   : plan_.num_snippets() * plan_.num_classes();
  }

  cuda::BatchResult places(const void* results) const {
    std::int64_t bytes = 0;
    return plan_.divide_result(static_cast<char*>(const_cast<void*>(results)),
                               limits_.max_detections, &bytes);
  }

  cuda::Plan plan_;
  int device_;
  CudaLimits limits_;
  cuda::PlanSizes sizes_;
  cuda::Memory constants_;
  cuda::BatchSettings settings_;
};

CudaPostprocessor::CudaPostprocessor(const PostprocessConfig& config, std::int64_t num_classes,
                                     const std::vector<VideoShape>& videos, int device,
                                     const CudaLimits& limits)
    : impl_(std::make_unique<Impl>(config, num_classes, videos, device, limits)) {}

CudaPostprocessor::~CudaPostprocessor() = default;
CudaPostprocessor::CudaPostprocessor(CudaPostprocessor&&) noexcept = default;
CudaPostprocessor& CudaPostprocessor::operator=(CudaPostprocessor&&) noexcept = default;

std::size_t CudaPostprocessor::scratch_bytes() const { return impl_->scratch_bytes(); }
std::size_t CudaPostprocessor::result_bytes() const { return impl_->result_bytes(); }
const CudaLimits& CudaPostprocessor::limits() const { return impl_->limits(); }

void CudaPostprocessor::enqueue(const DeviceBatch& batch, void* scratch, void* results,
                                void* stream) const {
  impl_->enqueue(batch, scratch, results, stream);
}

std::optional<CudaLimits> CudaPostprocessor::shortage(const void* results) const {
  return impl_->shortage(results);
}

std::vector<Detections> CudaPostprocessor::read(const void* results) const {
  return impl_->read(results);
}

}  // namespace basnet_rt
