#include "basnet_rt/nms.h"

#include <algorithm>

#include "handles.h"
#include "status.h"

using namespace basnet_rt::c_api;

namespace {

basnet_rt::ScoredSegments input_of(const double* segments, const double* scores,
                                   const std::int64_t* labels, std::int64_t size) {
  if (size_of(size, "segments") > 0) {
    not_null(segments, "segments");
    not_null(scores, "scores");
  }
  return {reinterpret_cast<const basnet_rt::Segment*>(segments), scores, labels, size};
}

basnet_rt::NmsKind kind_of(const char* kind) {
  const std::string text = text_of(kind, "kind");
  if (text == "linear") return basnet_rt::NmsKind::kLinear;
  if (text == "gaussian") return basnet_rt::NmsKind::kGaussian;
  throw basnet_rt::Error(basnet_rt::ErrorCode::kInvalidArgument,
                         "kind is \"" + text + "\"; it must be \"linear\" or \"gaussian\"");
}

}  // namespace

basnet_rt_status basnet_rt_nms(const double* segments, const double* scores, const int64_t* labels,
                               int64_t size, double iou, int64_t* kept, int64_t* num_kept) {
  return guarded([&] {
    const auto input = input_of(segments, scores, labels, size);
    if (size > 0) not_null(kept, "kept");
    not_null(num_kept, "num_kept");
    const std::vector<std::int64_t> indices = basnet_rt::nms(input, iou);
    std::copy(indices.begin(), indices.end(), kept);
    *num_kept = static_cast<std::int64_t>(indices.size());
  });
}

basnet_rt_status basnet_rt_soft_nms(const double* segments, const double* scores,
                                    const int64_t* labels, int64_t size, const char* kind,
                                    double iou, double sigma, double min_score, int64_t* kept,
                                    double* kept_scores, int64_t* num_kept) {
  return guarded([&] {
    const auto input = input_of(segments, scores, labels, size);
    if (size > 0) {
      not_null(kept, "kept");
      not_null(kept_scores, "kept_scores");
    }
    not_null(num_kept, "num_kept");
    const auto result = basnet_rt::soft_nms(input, kind_of(kind), iou, sigma, min_score);
    std::copy(result.indices.begin(), result.indices.end(), kept);
    std::copy(result.scores.begin(), result.scores.end(), kept_scores);
    *num_kept = static_cast<std::int64_t>(result.indices.size());
  });
}
