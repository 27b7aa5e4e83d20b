#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/stream_backend.h"

namespace basnet_rt {

/// New snippets of all turns, in device memory; nothing is owned. Float32, row-major.
struct DeviceRows {
  const float* activations = nullptr;  ///< (num_rows, C), rows `row_stride` apart
  std::int64_t row_stride = 0;         ///< floats; >= C
  const float* raw_cas = nullptr;      ///< (num_rows, C+1), background last; gate kHorizon only
  std::int64_t num_rows = 0;           ///< that exist; a turn may leave some out
};

/// The memory that a step plans for, all its turns together; 0: the usual need of streams.
struct CudaStreamLimits {
  std::int64_t max_roots = 0;       ///< that become final
  std::int64_t max_detections = 0;  ///< in them
  std::int64_t pool_bytes = 0;      ///< for roots too large for a warp's own memory
};

/// StreamPostprocessor for many streams at once, on a GPU.
///
/// Every stream has a slot, whose state stays in device memory. A step takes turns of any of them
/// and gives each what a StreamPostprocessor of its own would have given: the same finals in the
/// same order, equal bit for bit but for `exp`, which gate kHorizon and gaussian soft-NMS use.
///
/// One object is for one thread, and its steps for one CUDA stream, at a time.
class BASNET_RT_API CudaStreamPostprocessor {
 public:
  /// Takes the memory of all slots on `device`, about state_bytes(); waits for it.
  ///
  /// @param config  mode kContinuous, a finite max_duration, normalisation kFixed or kHorizon, gate
  ///                kNone or kHorizon.
  /// @param max_streams  slots.
  /// @param max_rows  most new snippets of one turn.
  /// @throws Error (kInvalidArgument); (kUnavailable): the library was built without CUDA, or there
  ///         is no such device, driver or memory.
  CudaStreamPostprocessor(const PostprocessConfig& config, std::int64_t num_classes,
                          double snippet_seconds, std::int64_t max_streams, std::int64_t max_rows,
                          int device = 0, const CudaStreamLimits& limits = {});
  ~CudaStreamPostprocessor();
  CudaStreamPostprocessor(CudaStreamPostprocessor&&) noexcept;
  CudaStreamPostprocessor& operator=(CudaStreamPostprocessor&&) noexcept;

  /// One step from start to end: takes memory, which is kept for the next one, runs, waits for
  /// `stream`, and tries again where memory was short.
  ///
  /// @param stream  a stream handle of the CUDA runtime; null: the default one.
  /// @return by turn.
  /// @throws Error (kInvalidArgument): a turn or pointer is wrong, and nothing has changed;
  ///         (kUnavailable): the device failed.
  std::vector<StreamTurnResult> step(const std::vector<StreamTurn>& turns, const DeviceRows& rows,
                                     void* stream);

  /// The parts of `step`, for callers with memory of their own. Turns are written by the host into
  /// memory that the device can read: pinned and mapped, or copied there by the caller.
  std::size_t turn_bytes(std::int64_t num_turns) const;
  /// @param memory  turn_bytes(), 16-byte aligned, on the host.
  void write_turns(const std::vector<StreamTurn>& turns, void* memory) const;
  /// Device memory for `enqueue`, 256-byte aligned.
  std::size_t scratch_bytes(std::int64_t num_turns) const;
  /// Memory for the results: on the device, or pinned on the host and mapped (then results travel
  /// as they are written, and nothing needs copying).
  std::size_t result_bytes(std::int64_t num_turns) const;

  /// Launches a step on `stream`; allocates nothing, waits for nothing, and may be recorded into a
  /// CUDA graph: a replay reads turns and rows anew.
  ///
  /// Slots change only if the step had memory enough; else it may be repeated as it was. So a step
  /// that follows before `shortage` was asked of this one may follow a stretch that was left out.
  void enqueue(const DeviceRows& rows, const void* turns, std::int64_t num_turns, void* scratch,
               void* results, void* stream);

  /// The memory that a step needed in excess; nothing where it was enough.
  /// @param results  in host memory, after the stream has come past `enqueue`.
  std::optional<CudaStreamLimits> shortage(const void* results, std::int64_t num_turns) const;
  /// @throws Error (kInvalidState): there was a shortage.
  std::vector<StreamTurnResult> read(const void* results, std::int64_t num_turns) const;

  const CudaStreamLimits& limits() const;  ///< in force
  /// For steps to come; sizes change with it.
  void set_limits(const CudaStreamLimits& limits);

  /// A slot as the bytes of StreamPostprocessor::save, which either can load. Waits for `stream`.
  std::string save(std::int64_t slot, void* stream) const;
  /// A slot that continues where `save` was called.
  /// @throws Error (kInvalidState): not such bytes, another version, or damaged;
  ///         (kInvalidArgument): saved under other settings. The slot is as it was.
  void load(std::int64_t slot, std::string_view bytes, void* stream);

  std::int64_t max_streams() const;
  std::int64_t max_rows() const;
  std::int64_t num_classes() const;
  std::size_t state_bytes() const;  ///< of all slots, in device memory

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A CudaStreamPostprocessor as a pool wants it (PoolOptions::backend).
///
/// Rows on the device are read where they lie; others go up first. Arguments and errors are those
/// of CudaStreamPostprocessor. A turn of more than `max_rows` snippets takes several steps; one
/// that fails then keeps those before.
BASNET_RT_API std::shared_ptr<StreamBackend> cuda_stream_backend(
    const PostprocessConfig& config, std::int64_t num_classes, double snippet_seconds,
    std::int64_t max_streams, std::int64_t max_rows, int device = 0);

}  // namespace basnet_rt
