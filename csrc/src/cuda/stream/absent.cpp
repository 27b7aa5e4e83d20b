// Streams on a GPU in a build without nvcc: they throw.

#include "basnet_rt/cuda.h"
#include "basnet_rt/cuda_streams.h"
#include "basnet_rt/error.h"

namespace basnet_rt {
namespace {

[[noreturn]] void fail_absent() { throw Error(ErrorCode::kUnavailable, cuda_support().reason); }

}  // namespace

class CudaStreamPostprocessor::Impl {};

CudaStreamPostprocessor::CudaStreamPostprocessor(const PostprocessConfig&, std::int64_t, double,
                                                 std::int64_t, std::int64_t, int,
                                                 const CudaStreamLimits&) {
  fail_absent();
}
CudaStreamPostprocessor::~CudaStreamPostprocessor() = default;
CudaStreamPostprocessor::CudaStreamPostprocessor(CudaStreamPostprocessor&&) noexcept = default;
CudaStreamPostprocessor& CudaStreamPostprocessor::operator=(CudaStreamPostprocessor&&) noexcept =
    default;
std::vector<StreamTurnResult> CudaStreamPostprocessor::step(const std::vector<StreamTurn>&,
                                                            const DeviceRows&, void*) {
  fail_absent();
}
std::size_t CudaStreamPostprocessor::turn_bytes(std::int64_t) const { fail_absent(); }
void CudaStreamPostprocessor::write_turns(const std::vector<StreamTurn>&, void*) const {
  fail_absent();
}
std::size_t CudaStreamPostprocessor::scratch_bytes(std::int64_t) const { fail_absent(); }
std::size_t CudaStreamPostprocessor::result_bytes(std::int64_t) const { fail_absent(); }
void CudaStreamPostprocessor::enqueue(const DeviceRows&, const void*, std::int64_t, void*, void*,
                                      void*) {
  fail_absent();
}
std::optional<CudaStreamLimits> CudaStreamPostprocessor::shortage(const void*, std::int64_t) const {
  fail_absent();
}
std::vector<StreamTurnResult> CudaStreamPostprocessor::read(const void*, std::int64_t) const {
  fail_absent();
}
const CudaStreamLimits& CudaStreamPostprocessor::limits() const { fail_absent(); }
void CudaStreamPostprocessor::set_limits(const CudaStreamLimits&) { fail_absent(); }
std::string CudaStreamPostprocessor::save(std::int64_t, void*) const { fail_absent(); }
void CudaStreamPostprocessor::load(std::int64_t, std::string_view, void*) { fail_absent(); }
std::int64_t CudaStreamPostprocessor::max_streams() const { fail_absent(); }
std::int64_t CudaStreamPostprocessor::max_rows() const { fail_absent(); }
std::int64_t CudaStreamPostprocessor::num_classes() const { fail_absent(); }
std::size_t CudaStreamPostprocessor::state_bytes() const { fail_absent(); }

std::shared_ptr<StreamBackend> cuda_stream_backend(const PostprocessConfig&, std::int64_t, double,
                                                   std::int64_t, std::int64_t, int) {
  fail_absent();
}

}  // namespace basnet_rt
