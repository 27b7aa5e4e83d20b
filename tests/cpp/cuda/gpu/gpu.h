#pragma once

// What tests on a GPU share. Without one they are skipped, and say so; with BASNET_RT_REQUIRE_GPU=1
// they fail.

#include <cuda_runtime.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "../cases.h"
#include "../standin.h"
#include "basnet_rt/cuda.h"

namespace basnet_rt::testing {

class GpuTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const CudaSupport support = cuda_support();
    if (support.num_devices > 0) return;
    const char* required = std::getenv("BASNET_RT_REQUIRE_GPU");
    if (required != nullptr && std::string(required) == "1") {
      FAIL() << "a GPU was promised: " << support.reason;
    }
    GTEST_SKIP() << support.reason;
  }
};

inline void expect_success(cudaError_t error) {
  EXPECT_EQ(error, cudaSuccess) << cudaGetErrorString(error);
}

/// Memory on the device, filled with what is no number where nothing is put there.
class OnDevice {
 public:
  explicit OnDevice(std::size_t bytes) : bytes_(bytes) {
    expect_success(cudaMalloc(&data_, bytes + 1));
    expect_success(cudaMemset(data_, 0xff, bytes));
  }
  explicit OnDevice(const std::vector<float>& values) : OnDevice(values.size() * sizeof(float)) {
    put(values);
  }
  ~OnDevice() { cudaFree(data_); }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;

  void put(const std::vector<float>& values) {
    expect_success(cudaMemcpy(data_, values.data(), bytes_, cudaMemcpyHostToDevice));
  }
  void* data() const { return data_; }
  const float* floats() const { return static_cast<const float*>(data_); }
  std::vector<char> on_host() const {
    std::vector<char> bytes(bytes_);
    expect_success(cudaMemcpy(bytes.data(), data_, bytes_, cudaMemcpyDeviceToHost));
    return bytes;
  }

 private:
  std::size_t bytes_;
  void* data_ = nullptr;
};

/// A stand-in's batch on the device.
struct GpuBatch {
  explicit GpuBatch(const StandinBatch& host)
      : cas(host.cas), scores(host.scores), raw_cas(host.raw_cas), num_classes(host.num_classes) {
    for (const cuda::PlannedVideo& video : host.videos) {
      shapes.push_back({video.num_snippets, video.snippet_seconds, video.duration});
    }
  }
  DeviceBatch view() const {
    return {cas.floats(), num_classes, scores.floats(), raw_cas.floats()};
  }

  OnDevice cas;
  OnDevice scores;
  OnDevice raw_cas;
  std::int64_t num_classes;
  std::vector<VideoShape> shapes;
};

/// The order of the CPU, and times and scores to 1e-6: the GPU's `exp` has other last bits.
inline void expect_near(const std::vector<Detections>& got, const std::vector<Detections>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t v = 0; v < want.size(); ++v) {
    SCOPED_TRACE("video " + std::to_string(v));
    ASSERT_EQ(got[v].labels, want[v].labels);
    for (std::size_t i = 0; i < want[v].size(); ++i) {
      EXPECT_NEAR(got[v].scores[i], want[v].scores[i], 1e-6) << i;
      EXPECT_NEAR(got[v].segments[i].start, want[v].segments[i].start, 1e-6) << i;
      EXPECT_NEAR(got[v].segments[i].end, want[v].segments[i].end, 1e-6) << i;
    }
  }
}

}  // namespace basnet_rt::testing
