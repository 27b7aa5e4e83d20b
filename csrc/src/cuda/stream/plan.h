#pragma once

// The plan of streams before any snippet is known: sizes of rings and lists, constants of the
// kernels, places in memory. Host only, and the same for a GPU and for the launcher of the tests.

#include <cstdint>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/cuda_streams.h"
#include "cuda/batch/plan.h"
#include "cuda/stream/step.h"

namespace basnet_rt::cuda {

/// The arguments of the constructor.
struct StreamShape {
  PostprocessConfig config;
  std::int64_t num_classes = 0;
  double snippet_seconds = 0.0;
  std::int64_t num_slots = 0;
  std::int64_t max_rows = 0;  ///< of a turn
};

/// @throws Error (kInvalidArgument) naming the setting, its value and the allowed values.
void check_streams(const StreamShape& shape);

/// The parts of a launcher.
struct LauncherSizes {
  std::int64_t num_teams = 1;
  std::int64_t temporary_bytes = 0;
};

/// A step's scratch memory, divided.
struct StepPlaces {
  StepWork work;
  Scratch scratch;
};

class StreamPlan {
 public:
  /// @param shape  checked.
  explicit StreamPlan(const StreamShape& shape);

  const StreamShape& shape() const { return shape_; }
  std::int64_t num_slots() const { return shape_.num_slots; }
  std::int64_t num_classes() const { return shape_.num_classes; }

  /// Constants that kernels read, as one block of bytes to put on the device.
  std::vector<char> constants() const { return common_.constants(); }
  /// Settings that point to such a block and to the slots' memory.
  SlotSettings settings(const char* constants, const StreamSlots& slots) const;

  StreamSlots divide_slots(char* memory, std::int64_t* bytes) const;
  StepPlaces divide_work(char* memory, std::int64_t num_turns, const CudaStreamLimits& limits,
                         const LauncherSizes& launcher, std::int64_t* bytes) const;
  StepResult divide_result(char* memory, std::int64_t num_turns, const CudaStreamLimits& limits,
                           std::int64_t* bytes) const;

  /// `given`, with each 0 replaced by a number that is enough for typical streams.
  CudaStreamLimits complete(const CudaStreamLimits& given) const;
  /// Most entries in a running sum of a step.
  std::int64_t longest_sum(const CudaStreamLimits& limits) const;

 private:
  std::int64_t slab_bytes() const;

  StreamShape shape_;
  Plan common_;  // without videos
  SlotSettings sizes_;
};

/// Snippets before the deciding one that a root may read, with a margin for rounding down.
double reach_of(const RootLimits& limits);

/// Most roots of a class that can wait for their flank between two snippets.
double most_waiting(const RootLimits& limits);

}  // namespace basnet_rt::cuda
