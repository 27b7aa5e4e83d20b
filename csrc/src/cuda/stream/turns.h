#pragma once

// Between a step and its caller: turns go in checked, results come out as finals and errors. Host
// only.

#include <cstdint>
#include <optional>
#include <vector>

#include "basnet_rt/cuda_streams.h"
#include "cuda/stream/plan.h"
#include "cuda/stream/step.h"

namespace basnet_rt::cuda {

/// @throws Error (kInvalidArgument): a turn is wrong whatever its slot holds.
std::vector<TurnInput> checked_turns(const std::vector<StreamTurn>& turns, const StreamPlan& plan);

/// @throws Error (kInvalidArgument): pointers that the settings ask for, a stride too small.
void check_rows(const DeviceRows& rows, const StreamPlan& plan);

std::optional<CudaStreamLimits> stream_shortage(const StepResult& result,
                                                const CudaStreamLimits& given);

/// @throws Error (kInvalidState): there was a shortage.
std::vector<StreamTurnResult> read_turns(const StepResult& result, std::int64_t num_turns,
                                         const StreamPlan& plan, const CudaStreamLimits& given);

}  // namespace basnet_rt::cuda
