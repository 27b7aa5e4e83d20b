#pragma once

// Streams of the CUDA backend on the host: its passes as loops, in memory exactly as large as
// planned, with what the class for GPUs does around them.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "basnet_rt/cuda_streams.h"
#include "cuda/stream/pipeline.h"
#include "cuda/stream/plan.h"
#include "cuda/stream/saved.h"
#include "cuda/stream/turns.h"
#include "serial_launcher.h"

namespace basnet_rt::testing {

/// Rows of a step as a GPU would hold them: in blocks of their own.
struct StandinRows {
  std::vector<float> activations;  ///< (N, C)
  std::vector<float> raw_cas;      ///< (N, C+1), or empty

  StreamRows view(std::int64_t num_classes) const {
    StreamRows rows;
    rows.activations = activations.data();
    rows.raw_cas = raw_cas.empty() ? nullptr : raw_cas.data();
    rows.num_rows = static_cast<std::int64_t>(activations.size()) / num_classes;
    return rows;
  }
};

/// Runs a step's passes.
using StepRunner = std::function<void(const cuda::Step&, const cuda::Scratch&)>;

StepRunner serial_runner(cuda::Order order);
/// With threads for lanes, which run side by side (lane_team.h).
StepRunner lane_runner(int lanes);

class StandinStreams : public StreamBackend {
 public:
  StandinStreams(const cuda::StreamShape& shape, StepRunner runner,
                 const CudaStreamLimits& limits = {});

  /// One try; `results` of a short one are empty.
  struct Try {
    std::optional<CudaStreamLimits> shortage;
    std::vector<StreamTurnResult> results;
  };
  Try try_step(const std::vector<StreamTurn>& turns, const StandinRows& rows);

  /// Tries again with what was asked for, as callers do.
  std::vector<StreamTurnResult> step(const std::vector<StreamTurn>& turns, const StandinRows& rows);
  std::vector<StreamTurnResult> step(const std::vector<StreamTurn>& turns,
                                     const StreamRows& rows) override;
  std::string save(std::int64_t slot) override;
  void load(std::int64_t slot, std::string_view bytes) override;
  std::int64_t max_streams() const override { return plan_.num_slots(); }

  int tries() const { return tries_; }  ///< of all steps together
  const cuda::StreamPlan& plan() const { return plan_; }
  const cuda::SlotSettings& settings() const { return settings_; }

 private:
  cuda::StreamPlan plan_;
  StepRunner runner_;
  CudaStreamLimits limits_;
  std::vector<char> slots_;
  std::vector<char> constants_;
  cuda::SlotSettings settings_;
  int tries_ = 0;
};

}  // namespace basnet_rt::testing
