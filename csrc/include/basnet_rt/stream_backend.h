#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/error.h"
#include "basnet_rt/export.h"
#include "basnet_rt/stream.h"

namespace basnet_rt {

/// The event in a stream after the new snippets of a turn.
enum class StreamMark : std::uint8_t {
  kNone,     ///< the stream goes on
  kGap,      ///< snippets are missing; as StreamPostprocessor::gap
  kFinish,   ///< it ends; as StreamPostprocessor::finish
  kPending,  ///< only asks what `kFinish` would add; the slot stays as it was
};

/// One stream's part in a step: first its new snippets, then its mark.
struct StreamTurn {
  std::int64_t slot = 0;       ///< in [0, max_streams); once per step
  bool fresh = false;          ///< a new stream begins here: the slot's old state is forgotten
  std::int64_t first_row = 0;  ///< row of its first new snippet in the rows of the step
  std::int64_t num_rows = 0;   ///< 0 with kPending
  StreamMark mark = StreamMark::kNone;
  std::int64_t gap = 0;            ///< snippets missing, >= 1; kGap only
  std::optional<double> duration;  ///< of the stream in seconds; kFinish only
};

/// New snippets of all turns of a step, dense; nothing is owned. Float32, row-major.
struct StreamRows {
  const float* activations = nullptr;  ///< (num_rows, C)
  const float* raw_cas = nullptr;      ///< (num_rows, C+1), background last; gate kHorizon only
  std::int64_t num_rows = 0;           ///< rows in memory; turns need not use all of them
  bool on_device = false;              ///< whether both arrays lie in device memory
  void* device_stream = nullptr;       ///< the stream of the CUDA runtime that writes them there
};

/// The result of a turn. If it has an `error`, its slot is unchanged.
struct StreamTurnResult {
  StreamDetections finals;        ///< in the order of StreamPostprocessor::push, also for kPending
  std::int64_t num_snippets = 0;  ///< seen by the slot, gaps included
  std::optional<Error> error;     ///< names the slot, and the snippet and class of a NaN or Inf
};

/// Post-processing of many streams at once, each with a slot. A StreamPool can use it instead of a
/// StreamPostprocessor per stream. One thread at a time calls it.
class BASNET_RT_API StreamBackend {
 public:
  virtual ~StreamBackend() = default;
  /// @return one result for each turn; a turn with an `error` leaves its slot unchanged.
  /// @throws any std::exception: the step failed, and every slot is unchanged.
  virtual std::vector<StreamTurnResult> step(const std::vector<StreamTurn>& turns,
                                             const StreamRows& rows) = 0;
  /// Saves a slot as the bytes of StreamPostprocessor::save.
  virtual std::string save(std::int64_t slot) = 0;
  /// Lets a slot continue from saved bytes.
  virtual void load(std::int64_t slot, std::string_view bytes) = 0;
  virtual std::int64_t max_streams() const = 0;  ///< slots
};

}  // namespace basnet_rt
