#pragma once

// From a batch's result block, read on the host, to detections or an error.

#include <cstdint>
#include <vector>

#include "basnet_rt/types.h"
#include "cuda/batch/plan.h"

namespace basnet_rt::cuda {

/// The limits that a second try needs; equal to the given ones if the results are complete.
struct Needed {
  std::int64_t max_detections = 0;
  std::int64_t pool_bytes = 0;
};

/// @throws Error (kInvalidArgument): the input held a value that is not allowed, as on the CPU.
Needed needed(const Plan& plan, const Outcome& outcome, const PlanSizes& given);

/// Detections of each video; valid only if `needed` requests no second try.
std::vector<Detections> read_result(const Plan& plan, const BatchResult& result);

}  // namespace basnet_rt::cuda
