#pragma once

// Results in their order (formulas/order.h), and proposals in theirs.

#include <vector>

#include "basnet_rt/types.h"
#include "formulas/order.h"

namespace basnet_rt::cpu {

/// A detection with the fields that order it.
using RankedDetection = formulas::Rank;

/// Sorts and drops the rank.
Detections ranked(std::vector<RankedDetection> found);

/// Proposals found class by class, each left to right, by (threshold index, label, start).
Proposals sorted_by_threshold(const Proposals& found);

}  // namespace basnet_rt::cpu
