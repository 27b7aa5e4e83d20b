#pragma once

#include <cstdint>
#include <vector>

namespace basnet_rt {

/// Activations of one video, row-major: `data[t * row_stride + c]`, float32, finite.
///
/// Not owned. `row_stride` may exceed `num_classes`, so the action columns of a (T, C+1) array
/// can be viewed without a copy.
struct CasView {
  const float* data = nullptr;
  std::int64_t num_snippets = 0;
  std::int64_t num_classes = 0;
  std::int64_t row_stride = 0;

  const float* row(std::int64_t snippet) const { return data + snippet * row_stride; }
};

/// Features of consecutive snippets: (N, F) float32, row-major; not owned.
struct FeatureView {
  const float* data = nullptr;
  std::int64_t num_snippets = 0;
  std::int64_t feature_dim = 0;
};

/// Half-open [start, end), seconds.
struct Segment {
  double start = 0.0;
  double end = 0.0;
};

/// Scored intervals before NMS, one entry per array, ordered by (threshold index, label, start).
struct Proposals {
  std::vector<std::int64_t> threshold_index;
  std::vector<std::int64_t> labels;
  std::vector<double> scores;  ///< NMS visits by falling score
  std::vector<Segment> segments;

  std::size_t size() const { return labels.size(); }
};

/// Detections after NMS, ordered by (score falling, start, end, label, threshold index).
struct Detections {
  std::vector<std::int64_t> labels;
  std::vector<float> scores;
  std::vector<Segment> segments;

  std::size_t size() const { return labels.size(); }
};

}  // namespace basnet_rt
