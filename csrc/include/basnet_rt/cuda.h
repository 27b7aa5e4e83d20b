#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/postprocess.h"
#include "basnet_rt/types.h"

namespace basnet_rt {

/// The CUDA support of this build and this machine.
struct CudaSupport {
  bool built = false;   ///< whether the library contains the CUDA backend
  int num_devices = 0;  ///< usable devices; 0 without a driver
  std::string reason;   ///< why no device is usable; empty if one is
};

/// Does not throw if a driver or device is missing, and creates no CUDA context.
BASNET_RT_API CudaSupport cuda_support();

/// Shape and timing of one video of a batch.
struct VideoShape {
  std::int64_t num_snippets = 0;   ///< T >= 1
  double snippet_seconds = 0.0;    ///< > 0
  std::optional<double> duration;  ///< seconds; default T * snippet_seconds; continuous mode only
  /// Row of the batch at which this video begins; batches may be padded, so it may come later than
  /// the end of the previous video. Default: directly after the previous video.
  std::optional<std::int64_t> first_row = std::nullopt;
};

/// A batch in device memory, videos in order; nothing is owned. Float32, row-major.
struct DeviceBatch {
  const float* cas = nullptr;           ///< (rows, C), `row_stride` apart
  std::int64_t row_stride = 0;          ///< floats; >= C
  const float* video_scores = nullptr;  ///< (N, C); may be null where the gate ignores them
  const float* raw_cas = nullptr;       ///< (rows, C+1), background last; gate kHorizon only
};

/// The memory that a CudaPostprocessor plans for; 0: enough for typical activations.
struct CudaLimits {
  std::int64_t max_detections = 0;  ///< per video
  std::int64_t pool_bytes = 0;      ///< for roots too large for a warp's own memory
};

/// `postprocess_batch` on a GPU, for batches of one shape.
///
/// The results are those of the CPU: the same detections in the same order, with times and scores
/// equal to 1e-6. They are equal bit for bit unless `exp` is used (gate kHorizon, gaussian
/// soft-NMS). `enqueue` launches on the caller's stream and returns; it allocates nothing, waits
/// for nothing, and may be recorded into a CUDA graph.
class BASNET_RT_API CudaPostprocessor {
 public:
  /// Copies the settings to `device`. Only this call waits for the device.
  ///
  /// @throws Error (kInvalidArgument): a setting or shape is wrong; (kUnavailable): the library was
  ///         built without CUDA, or there is no such device, driver or memory.
  CudaPostprocessor(const PostprocessConfig& config, std::int64_t num_classes,
                    const std::vector<VideoShape>& videos, int device = 0,
                    const CudaLimits& limits = {});
  ~CudaPostprocessor();
  CudaPostprocessor(CudaPostprocessor&&) noexcept;
  CudaPostprocessor& operator=(CudaPostprocessor&&) noexcept;

  /// Device memory for `enqueue`, 256-byte aligned.
  std::size_t scratch_bytes() const;
  /// Memory for the results: on the device, or pinned and mapped on the host. In mapped memory the
  /// host sees the results without a copy.
  std::size_t result_bytes() const;
  const CudaLimits& limits() const;  ///< the limits in use

  /// Launches everything on `stream` (a stream handle of the CUDA runtime; null: the default one).
  /// This object must live until that work is done, and as long as a graph that recorded it is
  /// used.
  ///
  /// @throws Error (kInvalidArgument): a pointer is null, or the device cannot access its memory;
  ///         (kUnavailable): a launch failed.
  void enqueue(const DeviceBatch& batch, void* scratch, void* results, void* stream) const;

  /// The limits that the batch would have needed; nothing if the memory was enough.
  /// @param results  in host memory, after the stream has finished the work of `enqueue`.
  /// @throws Error (kInvalidArgument): an activation or score is not allowed; names the video.
  std::optional<CudaLimits> shortage(const void* results) const;

  /// The detections of each video.
  /// @throws Error as `shortage`; (kInvalidState): the memory was not enough.
  std::vector<Detections> read(const void* results) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// Does all of the above in one call: allocates memory, runs, waits for `stream`, and tries again
/// if memory was short. Keeps the memory for the next call of the same thread.
BASNET_RT_API std::vector<Detections> postprocess_batch_cuda(const DeviceBatch& batch,
                                                             const std::vector<VideoShape>& videos,
                                                             std::int64_t num_classes,
                                                             const PostprocessConfig& config,
                                                             int device, void* stream);

/// `postprocess_batch` on a GPU for arrays in host memory: copies them to the device and the
/// detections back.
///
/// @throws Error as `postprocess_batch`; (kInvalidArgument): the videos differ in their number of
///         classes; (kUnavailable): as CudaPostprocessor.
BASNET_RT_API std::vector<Detections> postprocess_batch_cuda(const std::vector<VideoInput>& videos,
                                                             const PostprocessConfig& config,
                                                             int device = 0);

}  // namespace basnet_rt
