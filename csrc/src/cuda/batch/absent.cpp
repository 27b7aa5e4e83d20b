// The functions of a build without nvcc: they throw.

#include "basnet_rt/cuda.h"
#include "basnet_rt/error.h"

namespace basnet_rt {
namespace {

constexpr const char* kReason =
    "this build of basnet_rt has no CUDA backend (BASNET_RT_CUDA was OFF, or no nvcc was found)";

[[noreturn]] void fail_absent() { throw Error(ErrorCode::kUnavailable, kReason); }

}  // namespace

CudaSupport cuda_support() { return {false, 0, kReason}; }

class CudaPostprocessor::Impl {};

CudaPostprocessor::CudaPostprocessor(const PostprocessConfig&, std::int64_t,
                                     const std::vector<VideoShape>&, int, const CudaLimits&) {
  fail_absent();
}
CudaPostprocessor::~CudaPostprocessor() = default;
CudaPostprocessor::CudaPostprocessor(CudaPostprocessor&&) noexcept = default;
CudaPostprocessor& CudaPostprocessor::operator=(CudaPostprocessor&&) noexcept = default;
std::size_t CudaPostprocessor::scratch_bytes() const { fail_absent(); }
std::size_t CudaPostprocessor::result_bytes() const { fail_absent(); }
const CudaLimits& CudaPostprocessor::limits() const { fail_absent(); }
void CudaPostprocessor::enqueue(const DeviceBatch&, void*, void*, void*) const { fail_absent(); }
std::optional<CudaLimits> CudaPostprocessor::shortage(const void*) const { fail_absent(); }
std::vector<Detections> CudaPostprocessor::read(const void*) const { fail_absent(); }

std::vector<Detections> postprocess_batch_cuda(const DeviceBatch&, const std::vector<VideoShape>&,
                                               std::int64_t, const PostprocessConfig&, int, void*) {
  fail_absent();
}

std::vector<Detections> postprocess_batch_cuda(const std::vector<VideoInput>&,
                                               const PostprocessConfig&, int) {
  fail_absent();
}

}  // namespace basnet_rt
