#pragma once

// Between a step and its caller: checks turns, and turns results into finals and errors. Host only.

#include <cstdint>
#include <optional>
#include <vector>

#include "basnet_rt/cuda_streams.h"
#include "cuda/stream/plan.h"
#include "cuda/stream/step.h"

namespace basnet_rt::cuda {

/// @throws Error (kInvalidArgument): a turn is wrong for any state of its slot.
std::vector<TurnInput> checked_turns(const std::vector<StreamTurn>& turns, const StreamPlan& plan);

/// @throws Error (kInvalidArgument): a required pointer is null, or the stride is too small.
void check_rows(const DeviceRows& rows, const StreamPlan& plan);

std::optional<CudaStreamLimits> stream_shortage(const StepResult& result,
                                                const CudaStreamLimits& given);

/// @throws Error (kInvalidState): the memory was not enough.
std::vector<StreamTurnResult> read_turns(const StepResult& result, std::int64_t num_turns,
                                         const StreamPlan& plan, const CudaStreamLimits& given);

}  // namespace basnet_rt::cuda
