#pragma once

// The plan of a batch before its values are known: constants of the kernels, sizes, and places in
// the caller's memory. Host only, and the same for a GPU and for the launcher of the tests.

#include <cstdint>
#include <optional>
#include <vector>

#include "basnet_rt/config.h"
#include "cuda/launch/scratch.h"
#include "cuda/passes/batch.h"
#include "cuda/passes/rank_found.h"

namespace basnet_rt::cuda {

/// The numbers of a video that a plan needs.
struct PlannedVideo {
  std::int64_t num_snippets = 0;
  double snippet_seconds = 0.0;
  std::optional<double> duration;
  std::optional<std::int64_t> first_row = std::nullopt;  ///< default: after the previous video
};

struct PlanSizes {
  std::int64_t max_detections = 0;  ///< per video
  std::int64_t pool_bytes = 0;
  std::int64_t num_teams = 1;   ///< teams that run at the same time
  std::int64_t sort_bytes = 0;  ///< scratch that the launcher's sort asks for
};

class Plan {
 public:
  /// @param config  checked; `videos` too.
  Plan(const PostprocessConfig& config, const std::vector<PlannedVideo>& videos,
       std::int64_t num_classes);

  const PostprocessConfig& config() const { return config_; }
  std::int64_t num_classes() const { return num_classes_; }
  std::int64_t num_videos() const { return static_cast<std::int64_t>(videos_.size()); }
  std::int64_t num_rows() const { return num_videos() * num_classes_; }
  std::int64_t num_snippets() const { return num_snippets_; }
  std::int64_t end_row() const { return end_row_; }  ///< after the last video, padding included
  const std::vector<VideoPlan>& videos() const { return videos_; }

  /// Constants that kernels read, as one block of bytes to put on the device.
  std::vector<char> constants() const;
  /// Settings that point into such a block at `constants`.
  BatchSettings settings(const char* constants, std::int64_t max_detections) const;

  /// Most detections that a video can have at any activations.
  std::int64_t most_detections() const;
  /// Enough for typical activations; a batch that needs more reports a shortage.
  std::int64_t usual_detections() const;
  std::int64_t usual_pool_bytes() const;

  /// Divides scratch memory; with `memory` null only the size is found.
  Scratch divide(char* memory, const PlanSizes& sizes, std::int64_t* bytes) const;
  BatchResult divide_result(char* memory, std::int64_t max_detections, std::int64_t* bytes) const;

 private:
  std::int64_t slab_bytes() const;

  PostprocessConfig config_;
  std::int64_t num_classes_;
  std::int64_t num_snippets_ = 0;
  std::int64_t end_row_ = 0;
  std::int64_t longest_ = 0;
  std::int64_t num_roots_ = 0;   ///< places for roots, all rows together
  std::int64_t num_window_ = 0;  ///< entries of all sliding windows
  std::vector<VideoPlan> videos_;
};

}  // namespace basnet_rt::cuda
