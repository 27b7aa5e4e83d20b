#include "cuda/device/device.cuh"

#include "basnet_rt/cuda.h"

namespace basnet_rt {
namespace {

// A CUDA version as people write it: 13000 is 13.0.
std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// Without a driver, the runtime says that the driver is too old: find out which is true.
std::string reason_of(cudaError_t error) {
  int driver = 0;
  if (error == cudaErrorInsufficientDriver && cudaDriverGetVersion(&driver) == cudaSuccess) {
    if (driver == 0) return "no NVIDIA driver is installed";
    return "the NVIDIA driver is too old: it knows CUDA " + version_text(driver) +
           ", this library needs " + version_text(CUDART_VERSION);
  }
  return std::string("no CUDA device can be used: ") + cudaGetErrorString(error);
}

}  // namespace

CudaSupport cuda_support() {
  CudaSupport support;
  support.built = true;
  const cudaError_t error = cudaGetDeviceCount(&support.num_devices);
  if (error != cudaSuccess) {
    cudaGetLastError();
    support.num_devices = 0;
    support.reason = reason_of(error);
  } else if (support.num_devices == 0) {
    support.reason = "no CUDA device was found";
  }
  return support;
}

namespace cuda {

std::string name_of(int device) { return "cuda:" + std::to_string(device); }

void require_device(int device) {
  const CudaSupport support = cuda_support();
  if (device >= 0 && device < support.num_devices) return;
  throw Error(ErrorCode::kUnavailable,
              "device is " + name_of(device) + "; " +
                  (support.num_devices == 0 ? support.reason
                                            : "there are " + std::to_string(support.num_devices)));
}

void require_reachable(const void* pointer, const std::string& name, int device) {
  cudaPointerAttributes attributes{};
  check(cudaPointerGetAttributes(&attributes, pointer), "asking where " + name + " lies");
  if (attributes.type == cudaMemoryTypeHost || attributes.type == cudaMemoryTypeManaged) return;
  const bool on_device = attributes.type == cudaMemoryTypeDevice;
  if (on_device && attributes.device == device) return;
  throw Error(ErrorCode::kInvalidArgument,
              name + " lies " +
                  (on_device ? "on " + name_of(attributes.device) : "in host memory") +
                  "; it must lie on " + name_of(device) + " or in pinned memory");
}

}  // namespace cuda
}  // namespace basnet_rt
