#pragma once

// A thin layer over the CUDA runtime: errors that say what to do, and owners of memory and of the
// current device.

#include <cuda_runtime.h>

#include <cstddef>
#include <string>

#include "basnet_rt/error.h"

namespace basnet_rt::cuda {

/// @param doing  what was tried, such as "launching on cuda:0".
inline void check(cudaError_t error, const std::string& doing) {
  if (error == cudaSuccess) return;
  cudaGetLastError();  // clears the error: the next call must not report it again
  throw Error(ErrorCode::kUnavailable, doing + ": " + cudaGetErrorString(error));
}

/// "cuda:0", as messages say it.
std::string name_of(int device);

/// @throws Error (kUnavailable): there is no such device; says why.
void require_device(int device);

/// Checks that kernels on `device` can access the memory; otherwise a kernel would fail, and the
/// process could not use the device any more.
///
/// @throws Error (kInvalidArgument) naming `pointer` as `name`.
void require_reachable(const void* pointer, const std::string& name, int device);

/// Makes a device current for this thread, and restores the previous one.
class DeviceGuard {
 public:
  explicit DeviceGuard(int device) {
    check(cudaGetDevice(&before_), "asking for the current CUDA device");
    if (device != before_) check(cudaSetDevice(device), "choosing cuda:" + std::to_string(device));
    changed_ = device != before_;
  }
  ~DeviceGuard() {
    if (changed_) cudaSetDevice(before_);
  }
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;

 private:
  int before_ = 0;
  bool changed_ = false;
};

enum class MemoryKind { kDevice, kPinned };

/// A block that grows; growing loses its content.
class Memory {
 public:
  explicit Memory(MemoryKind kind) : kind_(kind) {}
  ~Memory() { free(); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void reserve(std::size_t bytes) {
    if (bytes <= bytes_) return;
    free();
    const std::string doing = "taking " + std::to_string(bytes) + " bytes of " +
                              (kind_ == MemoryKind::kDevice ? "device" : "pinned host") + " memory";
    check(kind_ == MemoryKind::kDevice ? cudaMalloc(&data_, bytes)
                                       : cudaHostAlloc(&data_, bytes, cudaHostAllocMapped),
          doing);
    bytes_ = bytes;
  }
  void free() {
    if (data_ == nullptr) return;
    // At the end of a process the driver may be gone, and the memory with it.
    if (kind_ == MemoryKind::kDevice) {
      cudaFree(data_);
    } else {
      cudaFreeHost(data_);
    }
    cudaGetLastError();
    data_ = nullptr;
    bytes_ = 0;
  }
  void* data() const { return data_; }

 private:
  MemoryKind kind_;
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace basnet_rt::cuda
