#include "cuda/batch/plan.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "basnet_rt/error.h"
#include "cuda/device/divider.h"
#include "formulas/normalisation.h"
#include "formulas/video_section.h"
#include "settings/validate.h"

namespace basnet_rt::cuda {
namespace {

// Upper bound of the roots: intervals of positive length above a threshold, and their pieces after
// cuts at max_duration.
std::int64_t most_roots(const VideoPlan& video) {
  const double stretches = static_cast<double>(video.used / 2 + 1);
  const double length = distance(video.section.begin(), video.section.end);
  const double cuts = std::floor(length / video.limits.max_duration) + 1.0;
  const double most = stretches + cuts;
  if (most < 1e12) return static_cast<std::int64_t>(most);
  fail("max_duration is " + to_text(video.limits.max_duration * video.limits.snippet_seconds) +
       "; it cuts a video into more pieces than memory holds");
}

std::int64_t usual_slab(Mode mode, std::int64_t longest) {
  constexpr std::int64_t kRoot = 24 << 10;
  constexpr std::int64_t kLargest = 256 << 10;
  if (mode == Mode::kContinuous) return kRoot;
  // 28 bytes per snippet, and room for a few hundred runs; aligned, as slabs lie side by side.
  return std::min(kLargest, (28 * longest + (16 << 10) + 255) / 256 * 256);
}

}  // namespace

Plan::Plan(const PostprocessConfig& config, const std::vector<PlannedVideo>& videos,
           std::int64_t num_classes)
    : config_(config), num_classes_(num_classes) {
  for (const PlannedVideo& one : videos) {
    VideoPlan video;
    video.first_row = one.first_row.value_or(end_row_);
    video.num_snippets = one.num_snippets;
    video.section = whole_section(one.num_snippets, one.snippet_seconds, one.duration);
    video.used = used_snippets(one.num_snippets, video.section);
    video.limits = root_limits(config, one.snippet_seconds);
    video.horizon =
        std::min(one.num_snippets, horizon_snippets(config.horizon, one.snippet_seconds));
    video.first_root = num_roots_;
    video.max_roots = config.mode == Mode::kContinuous ? most_roots(video) : 0;
    video.first_window = num_window_;
    num_roots_ += video.max_roots * num_classes;
    num_window_ += 2 * (video.horizon + 1) * num_classes;
    num_snippets_ += one.num_snippets;
    end_row_ = video.first_row + one.num_snippets;
    longest_ = std::max(longest_, one.num_snippets);
    videos_.push_back(video);
  }
  if (config.normalisation != Normalisation::kHorizon) num_window_ = 0;
}

std::vector<char> Plan::constants() const {
  std::vector<formulas::Range> ranges;
  if (config_.normalisation == Normalisation::kFixed) {
    for (std::int64_t c = 0; c < num_classes_; ++c) ranges.push_back(fixed_range(config_, c));
  }
  std::vector<char> bytes;
  const auto append = [&bytes](const auto& values) {
    const auto* from = reinterpret_cast<const char*>(values.data());
    bytes.insert(bytes.end(), from, from + values.size() * sizeof(values[0]));
  };
  static_assert(sizeof(VideoPlan) % 8 == 0, "what follows must be aligned");
  append(videos_);
  append(config_.cas_thresholds);
  append(ranges);
  return bytes;
}

BatchSettings Plan::settings(const char* constants, std::int64_t max_detections) const {
  BatchSettings settings;
  settings.mode = config_.mode;
  settings.normalisation = config_.normalisation;
  settings.gate = config_.gate;
  settings.score_function = config_.score_function;
  settings.nms = config_.nms;
  settings.keep_top1 = config_.keep_top1;
  settings.num_videos = num_videos();
  settings.num_classes = num_classes_;
  settings.num_thresholds = static_cast<std::int64_t>(config_.cas_thresholds.size());
  settings.upsample = config_.upsample;
  settings.topk_divisor = config_.topk_divisor;
  settings.max_detections = max_detections;
  settings.class_threshold = config_.class_threshold;
  settings.score_weight = config_.score_weight;
  settings.nms_iou = config_.nms_iou;
  settings.soft_sigma = config_.soft_sigma;
  settings.soft_min_score = config_.soft_min_score;
  settings.videos = reinterpret_cast<const VideoPlan*>(constants);
  settings.thresholds = reinterpret_cast<const double*>(settings.videos + videos_.size());
  settings.ranges =
      reinterpret_cast<const formulas::Range*>(settings.thresholds + settings.num_thresholds);
  return settings;
}

std::int64_t Plan::most_detections() const {
  std::int64_t most = 1;
  const auto levels = static_cast<std::int64_t>(config_.cas_thresholds.size());
  for (const VideoPlan& video : videos_) {
    // At every threshold as many intervals as roots; the published mode finds runs of samples.
    const std::int64_t intervals = video.max_roots > 0 ? video.max_roots : video.num_snippets + 1;
    most = std::max(most, intervals * levels * num_classes_);
  }
  return most;
}

std::int64_t Plan::usual_detections() const {
  constexpr std::int64_t kAtLeast = 1024;
  return std::min(most_detections(), std::max(kAtLeast, num_classes_ * (16 + longest_ / 8)));
}

std::int64_t Plan::usual_pool_bytes() const {
  constexpr std::int64_t kAtLeast = 4 << 20;
  constexpr std::int64_t kAtMost = 256 << 20;
  return std::clamp(num_snippets_ * num_classes_ * 32, kAtLeast, kAtMost);
}

std::int64_t Plan::slab_bytes() const { return usual_slab(config_.mode, longest_); }

Scratch Plan::divide(char* memory, const PlanSizes& sizes, std::int64_t* bytes) const {
  Divider divider(memory);
  const bool continuous = config_.mode == Mode::kContinuous;
  const std::int64_t listed = num_videos() * sizes.max_detections;
  Scratch scratch;
  BatchWork& work = scratch.work;
  work.outcome = divider.take<Outcome>(1);
  work.pool.used = memory == nullptr ? nullptr : &work.outcome->pool_used;
  scratch.num_rows = divider.take<std::int64_t>(1);
  work.least = divider.take<float>(num_rows());
  work.largest = divider.take<float>(num_rows());
  work.y = divider.take<double>(continuous ? end_row_ * num_classes_ : 0);
  work.window = divider.take<std::int32_t>(num_window_);
  work.roots = divider.take<Interval>(num_roots_);
  work.root_counts = divider.take<std::int64_t>(num_rows() + 1);
  work.root_begins = divider.take<std::int64_t>(num_rows() + 1);
  work.found_counts = divider.take<std::int64_t>(num_videos() + 1);
  work.found_begins = divider.take<std::int64_t>(num_videos() + 1);
  work.found = divider.take<Found>(listed);
  work.pool.size = sizes.pool_bytes;
  work.pool.data = divider.take<char>(sizes.pool_bytes);
  SortWork& sort = scratch.sort;
  sort.keys = divider.take<double>(listed);
  sort.sorted_keys = divider.take<double>(listed);
  sort.places = divider.take<std::int32_t>(listed);
  sort.sorted_places = divider.take<std::int32_t>(listed);
  sort.begins = divider.take<std::int64_t>(num_videos());
  sort.ends = divider.take<std::int64_t>(num_videos());
  sort.temporary = divider.take<char>(sizes.sort_bytes);
  sort.temporary_bytes = sizes.sort_bytes;
  scratch.slab_bytes = slab_bytes();
  scratch.num_teams = sizes.num_teams;
  scratch.slabs = divider.take<char>(scratch.slab_bytes * sizes.num_teams);
  *bytes = divider.used();
  return scratch;
}

BatchResult Plan::divide_result(char* memory, std::int64_t max_detections,
                                std::int64_t* bytes) const {
  Divider divider(memory);
  const std::int64_t listed = num_videos() * max_detections;
  BatchResult result;
  result.outcome = divider.take<Outcome>(1);
  result.begins = divider.take<std::int64_t>(num_videos() + 1);
  result.segments = divider.take<Segment>(listed);
  result.scores = divider.take<float>(listed);
  result.labels = divider.take<std::int32_t>(listed);
  *bytes = divider.used();
  return result;
}

}  // namespace basnet_rt::cuda
