#include <cstring>
#include <utility>

#include "basnet_rt/cuda_streams.h"
#include "cuda/device/device.cuh"
#include "cuda/launch/kernel_launcher.cuh"
#include "cuda/stream/pipeline.h"
#include "cuda/stream/plan.h"
#include "cuda/stream/saved.h"
#include "cuda/stream/turns.h"

namespace basnet_rt {
namespace {

constexpr int kWarpsPerMultiprocessor = 16;  // 128 registers a lane leave room for as many

std::int64_t resident_teams(int device) {
  int multiprocessors = 0;
  cuda::check(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device),
              "asking for the size of " + cuda::name_of(device));
  return std::int64_t{multiprocessors} * kWarpsPerMultiprocessor;
}

const cuda::StreamShape& checked(const cuda::StreamShape& shape) {
  cuda::check_streams(shape);
  return shape;
}

}  // namespace

class CudaStreamPostprocessor::Impl {
 public:
  Impl(const cuda::StreamShape& shape, int device, const CudaStreamLimits& limits)
      : plan_(checked(shape)), device_(device) {
    cuda::require_device(device);
    const cuda::DeviceGuard guard(device);
    launcher_.num_teams = resident_teams(device);
    set_limits(limits);
    const std::vector<char> constants = plan_.constants();
    constants_.reserve(constants.size());
    slots_.reserve(state_bytes());
    const std::string doing = "putting streams onto " + cuda::name_of(device);
    cuda::check(
        cudaMemcpy(constants_.data(), constants.data(), constants.size(), cudaMemcpyHostToDevice),
        doing);
    cuda::check(cudaMemset(slots_.data(), 0, state_bytes()), doing);
    // Both may not be finished, and a caller's stream need not wait for the default stream.
    cuda::check(cudaStreamSynchronize(nullptr), doing);
    std::int64_t bytes = 0;
    settings_ = plan_.settings(static_cast<const char*>(constants_.data()),
                               plan_.divide_slots(static_cast<char*>(slots_.data()), &bytes));
  }

  const cuda::StreamShape& shape() const { return plan_.shape(); }
  const CudaStreamLimits& limits() const { return limits_; }

  void set_limits(const CudaStreamLimits& limits) {
    const CudaStreamLimits whole = plan_.complete(limits);
    cudaError_t error = cudaSuccess;
    const std::int64_t bytes = cuda::KernelLauncher::sum_bytes(plan_.longest_sum(whole), error);
    cuda::check(error, "planning on " + cuda::name_of(device_));
    launcher_.temporary_bytes = bytes;
    limits_ = whole;
  }

  std::size_t state_bytes() const {
    std::int64_t bytes = 0;
    plan_.divide_slots(nullptr, &bytes);
    return static_cast<std::size_t>(bytes);
  }

  std::size_t scratch_bytes(std::int64_t num_turns) const {
    std::int64_t bytes = 0;
    plan_.divide_work(nullptr, num_turns, limits_, launcher_, &bytes);
    return static_cast<std::size_t>(bytes);
  }

  std::size_t result_bytes(std::int64_t num_turns) const {
    std::int64_t bytes = 0;
    plan_.divide_result(nullptr, num_turns, limits_, &bytes);
    return static_cast<std::size_t>(bytes);
  }

  void write_turns(const std::vector<StreamTurn>& turns, void* memory) const {
    const std::vector<cuda::TurnInput> inputs = cuda::checked_turns(turns, plan_);
    if (inputs.empty()) return;
    std::memcpy(memory, inputs.data(), inputs.size() * sizeof inputs[0]);
  }

  void enqueue(const DeviceRows& rows, const void* turns, std::int64_t num_turns, void* scratch,
               void* results, void* stream) const {
    if (num_turns == 0) return;
    cuda::check_rows(rows, plan_);
    const cuda::DeviceGuard guard(device_);
    require_reachable(rows);
    cuda::require_reachable(turns, "turns", device_);
    cuda::require_reachable(scratch, "scratch", device_);
    cuda::require_reachable(results, "results", device_);
    std::int64_t bytes = 0;
    const cuda::StepPlaces places =
        plan_.divide_work(static_cast<char*>(scratch), num_turns, limits_, launcher_, &bytes);
    const cuda::Step step{settings_,   {num_turns, limits_.max_roots, limits_.max_detections},
                          rows,        static_cast<const cuda::TurnInput*>(turns),
                          places.work, result_places(results, num_turns)};
    cuda::KernelLauncher launcher(static_cast<cudaStream_t>(stream));
    cuda::run_step(launcher, step, places.scratch);
    cuda::check(launcher.error(), "launching on " + cuda::name_of(device_));
  }

  std::optional<CudaStreamLimits> shortage(const void* results, std::int64_t num_turns) const {
    if (num_turns == 0) return std::nullopt;
    return cuda::stream_shortage(result_places(results, num_turns), limits_);
  }

  std::vector<StreamTurnResult> read(const void* results, std::int64_t num_turns) const {
    if (num_turns == 0) return {};
    return cuda::read_turns(result_places(results, num_turns), num_turns, plan_, limits_);
  }

  std::vector<StreamTurnResult> step(const std::vector<StreamTurn>& turns, const DeviceRows& rows,
                                     void* stream) {
    if (turns.empty()) return {};
    const cuda::DeviceGuard guard(device_);
    const auto count = static_cast<std::int64_t>(turns.size());
    turns_.reserve(turns.size() * sizeof(cuda::TurnInput));
    write_turns(turns, turns_.data());
    for (;;) {
      scratch_.reserve(scratch_bytes(count));
      results_.reserve(result_bytes(count));
      enqueue(rows, turns_.data(), count, scratch_.data(), results_.data(), stream);
      wait(stream, "post-processing streams on ");
      const auto short_of = shortage(results_.data(), count);
      if (!short_of) return read(results_.data(), count);
      set_limits(*short_of);
    }
  }

  std::string save(std::int64_t slot, void* stream) const {
    check_slot(slot);
    const cuda::DeviceGuard guard(device_);
    const cuda::SlotImage image(plan_);
    copy(image, slot, cudaMemcpyDeviceToHost, stream);
    return cuda::saved_bytes(image);
  }

  void load(std::int64_t slot, std::string_view bytes, void* stream) const {
    check_slot(slot);
    cuda::SlotImage image(plan_);
    cuda::read_saved(bytes, image);
    const cuda::DeviceGuard guard(device_);
    copy(image, slot, cudaMemcpyHostToDevice, stream);
  }

 private:
  void require_reachable(const DeviceRows& rows) const {
    if (rows.num_rows == 0) return;
    cuda::require_reachable(rows.activations, "activations", device_);
    if (rows.raw_cas != nullptr) cuda::require_reachable(rows.raw_cas, "raw_cas", device_);
  }

  void check_slot(std::int64_t slot) const {
    StreamTurn turn;
    turn.slot = slot;
    cuda::checked_turns({turn}, plan_);
  }

  void copy(const cuda::SlotImage& image, std::int64_t slot, cudaMemcpyKind kind,
            void* stream) const {
    const auto on = static_cast<cudaStream_t>(stream);
    const bool down = kind == cudaMemcpyDeviceToHost;
    image.each_part(settings_.state, slot, [&](void* device, void* host, std::size_t bytes) {
      cuda::check(cudaMemcpyAsync(down ? host : device, down ? device : host, bytes, kind, on),
                  "copying a stream's state");
    });
    wait(stream, "copying a stream's state, on ");
  }

  void wait(void* stream, const char* doing) const {
    cuda::check(cudaStreamSynchronize(static_cast<cudaStream_t>(stream)),
                doing + cuda::name_of(device_));
  }

  cuda::StepResult result_places(const void* results, std::int64_t num_turns) const {
    std::int64_t bytes = 0;
    return plan_.divide_result(static_cast<char*>(const_cast<void*>(results)), num_turns, limits_,
                               &bytes);
  }

  cuda::StreamPlan plan_;
  int device_;
  CudaStreamLimits limits_;
  cuda::LauncherSizes launcher_;
  cuda::SlotSettings settings_;
  cuda::Memory constants_{cuda::MemoryKind::kDevice};
  cuda::Memory slots_{cuda::MemoryKind::kDevice};
  cuda::Memory scratch_{cuda::MemoryKind::kDevice};  // of `step`, as are
  cuda::Memory turns_{cuda::MemoryKind::kPinned};
  cuda::Memory results_{cuda::MemoryKind::kPinned};
};

CudaStreamPostprocessor::CudaStreamPostprocessor(const PostprocessConfig& config,
                                                 std::int64_t num_classes, double snippet_seconds,
                                                 std::int64_t max_streams, std::int64_t max_rows,
                                                 int device, const CudaStreamLimits& limits)
    : impl_(std::make_unique<Impl>(
          cuda::StreamShape{config, num_classes, snippet_seconds, max_streams, max_rows}, device,
          limits)) {}
CudaStreamPostprocessor::~CudaStreamPostprocessor() = default;
CudaStreamPostprocessor::CudaStreamPostprocessor(CudaStreamPostprocessor&&) noexcept = default;
CudaStreamPostprocessor& CudaStreamPostprocessor::operator=(CudaStreamPostprocessor&&) noexcept =
    default;

std::vector<StreamTurnResult> CudaStreamPostprocessor::step(const std::vector<StreamTurn>& turns,
                                                            const DeviceRows& rows, void* stream) {
  return impl_->step(turns, rows, stream);
}
std::size_t CudaStreamPostprocessor::turn_bytes(std::int64_t num_turns) const {
  return static_cast<std::size_t>(num_turns) * sizeof(cuda::TurnInput);
}
void CudaStreamPostprocessor::write_turns(const std::vector<StreamTurn>& turns,
                                          void* memory) const {
  impl_->write_turns(turns, memory);
}
std::size_t CudaStreamPostprocessor::scratch_bytes(std::int64_t num_turns) const {
  return impl_->scratch_bytes(num_turns);
}
std::size_t CudaStreamPostprocessor::result_bytes(std::int64_t num_turns) const {
  return impl_->result_bytes(num_turns);
}
void CudaStreamPostprocessor::enqueue(const DeviceRows& rows, const void* turns,
                                      std::int64_t num_turns, void* scratch, void* results,
                                      void* stream) {
  impl_->enqueue(rows, turns, num_turns, scratch, results, stream);
}
std::optional<CudaStreamLimits> CudaStreamPostprocessor::shortage(const void* results,
                                                                  std::int64_t num_turns) const {
  return impl_->shortage(results, num_turns);
}
std::vector<StreamTurnResult> CudaStreamPostprocessor::read(const void* results,
                                                            std::int64_t num_turns) const {
  return impl_->read(results, num_turns);
}
const CudaStreamLimits& CudaStreamPostprocessor::limits() const { return impl_->limits(); }
void CudaStreamPostprocessor::set_limits(const CudaStreamLimits& limits) {
  impl_->set_limits(limits);
}
std::string CudaStreamPostprocessor::save(std::int64_t slot, void* stream) const {
  return impl_->save(slot, stream);
}
void CudaStreamPostprocessor::load(std::int64_t slot, std::string_view bytes, void* stream) {
  impl_->load(slot, bytes, stream);
}
std::int64_t CudaStreamPostprocessor::max_streams() const { return impl_->shape().num_slots; }
std::int64_t CudaStreamPostprocessor::max_rows() const { return impl_->shape().max_rows; }
std::int64_t CudaStreamPostprocessor::num_classes() const { return impl_->shape().num_classes; }
std::size_t CudaStreamPostprocessor::state_bytes() const { return impl_->state_bytes(); }

}  // namespace basnet_rt
