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
  std::int64_t num_rows = 0;           ///< rows in memory; turns need not use all of them
};

/// The memory that a step plans for, all its turns together; 0: enough for typical streams.
struct CudaStreamLimits {
  std::int64_t max_roots = 0;       ///< roots that become final
  std::int64_t max_detections = 0;  ///< detections in these roots
  std::int64_t pool_bytes = 0;      ///< for roots too large for a warp's own memory
};

/// StreamPostprocessor for many streams at once, on a GPU.
///
/// Every stream has a slot, whose state stays in device memory. A step processes turns of any of
/// the slots. Each slot gets the same finals in the same order as from a StreamPostprocessor of its
/// own. They are equal bit for bit unless `exp` is used (gate kHorizon, gaussian soft-NMS).
///
/// Use one object from one thread, and run its steps on one CUDA stream, at a time.
class BASNET_RT_API CudaStreamPostprocessor {
 public:
  /// Allocates the memory of all slots on `device`, about state_bytes(), and waits for the device.
  ///
  /// @param config  mode kContinuous, a finite max_duration, normalisation kFixed or kHorizon, gate
  ///                kNone or kHorizon.
  /// @param max_streams  slots.
  /// @param max_rows  most new snippets in one turn.
  /// @throws Error (kInvalidArgument); (kUnavailable): the library was built without CUDA, or there
  ///         is no such device, driver or memory.
  CudaStreamPostprocessor(const PostprocessConfig& config, std::int64_t num_classes,
                          double snippet_seconds, std::int64_t max_streams, std::int64_t max_rows,
                          int device = 0, const CudaStreamLimits& limits = {});
  ~CudaStreamPostprocessor();
  CudaStreamPostprocessor(CudaStreamPostprocessor&&) noexcept;
  CudaStreamPostprocessor& operator=(CudaStreamPostprocessor&&) noexcept;

  /// Runs one complete step: allocates memory (and keeps it for the next step), runs, waits for
  /// `stream`, and tries again if memory was short.
  ///
  /// @param stream  a stream handle of the CUDA runtime; null: the default one.
  /// @return one result for each turn.
  /// @throws Error (kInvalidArgument): a turn or pointer is wrong, and nothing has changed;
  ///         (kUnavailable): the device failed.
  std::vector<StreamTurnResult> step(const std::vector<StreamTurn>& turns, const DeviceRows& rows,
                                     void* stream);

  /// The parts of `step`, for callers with memory of their own. The host writes the turns; the
  /// device must be able to read them (pinned and mapped memory, or a copy made by the caller).
  std::size_t turn_bytes(std::int64_t num_turns) const;
  /// @param memory  turn_bytes(), 16-byte aligned, on the host.
  void write_turns(const std::vector<StreamTurn>& turns, void* memory) const;
  /// Device memory for `enqueue`, 256-byte aligned.
  std::size_t scratch_bytes(std::int64_t num_turns) const;
  /// Memory for the results: on the device, or pinned and mapped on the host. In mapped memory the
  /// host sees the results without a copy.
  std::size_t result_bytes(std::int64_t num_turns) const;

  /// Launches a step on `stream`. It allocates nothing, waits for nothing, and may be recorded into
  /// a CUDA graph; a replay reads turns and rows again.
  ///
  /// If the step has too little memory, no slot changes, and the same step can be repeated. So call
  /// `shortage` before the next step: otherwise that step may miss the snippets of this one.
  void enqueue(const DeviceRows& rows, const void* turns, std::int64_t num_turns, void* scratch,
               void* results, void* stream);

  /// The limits that the step would have needed; nothing if the memory was enough.
  /// @param results  in host memory, after the stream has finished the work of `enqueue`.
  std::optional<CudaStreamLimits> shortage(const void* results, std::int64_t num_turns) const;
  /// @throws Error (kInvalidState): the memory was not enough.
  std::vector<StreamTurnResult> read(const void* results, std::int64_t num_turns) const;

  const CudaStreamLimits& limits() const;  ///< the limits in use
  /// Sets the limits of later steps; the sizes of scratch and results change with them.
  void set_limits(const CudaStreamLimits& limits);

  /// Saves a slot as the bytes of StreamPostprocessor::save; both classes can load them. Waits for
  /// `stream`.
  std::string save(std::int64_t slot, void* stream) const;
  /// Lets a slot continue from saved bytes. If it throws, the slot is unchanged.
  /// @throws Error (kInvalidState): the bytes are not a saved stream, damaged, or of another
  ///         version; (kInvalidArgument): saved under other settings.
  void load(std::int64_t slot, std::string_view bytes, void* stream);

  std::int64_t max_streams() const;
  std::int64_t max_rows() const;
  std::int64_t num_classes() const;
  std::size_t state_bytes() const;  ///< of all slots, in device memory

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A CudaStreamPostprocessor as the backend of a pool (PoolOptions::backend).
///
/// Rows on the device are read in place; rows on the host are copied there first. Arguments and
/// errors are those of CudaStreamPostprocessor. A turn of more than `max_rows` snippets takes
/// several steps; if one of them fails, the steps before it keep their effect.
BASNET_RT_API std::shared_ptr<StreamBackend> cuda_stream_backend(
    const PostprocessConfig& config, std::int64_t num_classes, double snippet_seconds,
    std::int64_t max_streams, std::int64_t max_rows, int device = 0);

}  // namespace basnet_rt
