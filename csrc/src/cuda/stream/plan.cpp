#include "cuda/stream/plan.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "basnet_rt/error.h"
#include "cuda/device/divider.h"
#include "formulas/normalisation.h"
#include "settings/validate.h"

namespace basnet_rt::cuda {
namespace {

void check_config(const PostprocessConfig& config) {
  check(config);
  if (config.mode == Mode::kPublished) {
    fail("mode is \"published\"; it resamples the whole video, so a stream needs \"continuous\"");
  }
  if (config.normalisation == Normalisation::kVideo) {
    fail("normalisation is \"video\"; streams on a GPU need \"fixed\" or \"horizon\"");
  }
  if (config.gate == Gate::kVideo) {
    fail("gate is \"video\"; streams on a GPU need \"none\" or \"horizon\"");
  }
  if (std::isinf(config.max_duration)) {
    fail("max_duration is None; streams on a GPU need a limit, which bounds their memory");
  }
}

void check_count(std::int64_t value, const char* name) {
  constexpr std::int64_t kMost = std::int64_t{1} << 30;
  if (value >= 1 && value <= kMost) return;
  fail(std::string(name) + " is " + std::to_string(value) + "; it must be from 1 to " +
       std::to_string(kMost));
}

// Snippets of a ring that keeps `past` of them while a turn's new ones come.
std::int64_t ring_size(double past, const StreamShape& shape) {
  return static_cast<std::int64_t>(std::ceil(past)) + shape.max_rows;
}

double bytes_of(const SlotSettings& sizes, const StreamShape& shape) {
  const auto classes = static_cast<double>(shape.num_classes);
  const double row = static_cast<double>(sizes.y_ring) * 8.0 +
                     static_cast<double>(sizes.x_ring + sizes.raw_ring) * 4.0 +
                     static_cast<double>(sizes.max_waiting) * sizeof(Interval) + sizeof(RowState);
  return static_cast<double>(shape.num_slots) * classes * row;
}

SlotSettings sizes_of(const StreamShape& shape) {
  SlotSettings sizes;
  sizes.common.num_classes = shape.num_classes;
  sizes.limits = root_limits(shape.config, shape.snippet_seconds);
  sizes.horizon = horizon_snippets(shape.config.horizon, shape.snippet_seconds);
  const double reach = reach_of(sizes.limits);
  const double waiting = most_waiting(sizes.limits);
  const auto horizon = static_cast<double>(sizes.horizon);
  const bool slides = shape.config.normalisation == Normalisation::kHorizon;
  const bool keeps_raw = shape.config.gate == Gate::kHorizon;
  constexpr double kMost = 1e9;
  const double past = reach + (slides || keeps_raw ? horizon : 0.0);
  if (past > kMost || waiting > kMost) {
    fail("max_duration is " + to_text(shape.config.max_duration) + " and horizon " +
         to_text(shape.config.horizon) + "; a stream on a GPU would have to keep " +
         to_text(std::max(past, waiting)) + " snippets or roots, and can keep " + to_text(kMost));
  }
  sizes.max_waiting = static_cast<std::int64_t>(waiting);
  sizes.y_ring = ring_size(reach, shape);
  sizes.x_ring = slides ? ring_size(horizon, shape) : 0;
  sizes.raw_ring = keeps_raw ? ring_size(reach + horizon, shape) : 0;
  return sizes;
}

}  // namespace

// A root is decided at most a flank (or, after a cut, a merge gap) after its end, and found at most
// a merge gap after it. It is at most max_duration long, and reads a flank before its start.
double reach_of(const RootLimits& limits) {
  constexpr double kRounding = 8.0;
  const double flank = limits.outer_ratio * limits.max_duration;
  const double after = std::max(limits.merge_gap, std::min(flank, limits.max_lookahead));
  const double before = std::max(limits.merge_gap, flank);
  return before + limits.max_duration + limits.merge_gap + after + kRounding;
}

// A root of length L waits while less than min(outer_ratio * L, max_lookahead) has passed since its
// end. A root that ended d ago and still waits is at least d / outer_ratio long. Roots do not
// overlap, so the end of the root before it is at least that much earlier; two ends are at least a
// snippet apart. Pieces of max_duration are added: they wait for a merge gap too.
double most_waiting(const RootLimits& limits) {
  const double flank = std::min(limits.outer_ratio * limits.max_duration, limits.max_lookahead);
  double roots = 2.0;
  for (double passed = 0.0; passed < flank && roots < 1e9; ++roots) {
    passed += std::max(1.0, passed / limits.outer_ratio);
  }
  return roots + std::floor(std::max(flank, limits.merge_gap) / limits.max_duration) + 2.0;
}

void check_streams(const StreamShape& shape) {
  check_config(shape.config);
  check_count(shape.num_classes, "num_classes");
  check_positive_seconds(shape.snippet_seconds, "snippet_seconds");
  check_max_duration(shape.config, shape.snippet_seconds);
  check_fixed_range(shape.config, shape.num_classes);
  check_count(shape.num_slots, "max_streams");
  check_count(shape.max_rows, "max_rows");
  constexpr double kMost = 1e14;
  const double bytes = bytes_of(sizes_of(shape), shape);
  if (bytes <= kMost) return;
  throw Error(ErrorCode::kUnavailable, "max_streams is " + std::to_string(shape.num_slots) +
                                           "; their state would take " + to_text(bytes) +
                                           " bytes of device memory");
}

StreamPlan::StreamPlan(const StreamShape& shape)
    : shape_(shape), common_(shape.config, {}, shape.num_classes), sizes_(sizes_of(shape)) {}

SlotSettings StreamPlan::settings(const char* constants, const StreamSlots& slots) const {
  SlotSettings settings = sizes_;
  settings.common = common_.settings(constants, 0);
  settings.state = slots;
  return settings;
}

StreamSlots StreamPlan::divide_slots(char* memory, std::int64_t* bytes) const {
  Divider divider(memory);
  const std::int64_t rows = num_slots() * num_classes();
  StreamSlots slots;
  slots.slots = divider.take<SlotState>(num_slots());
  slots.rows = divider.take<RowState>(rows);
  slots.waiting = divider.take<Interval>(rows * sizes_.max_waiting);
  slots.y = divider.take<double>(rows * sizes_.y_ring);
  slots.x = divider.take<float>(rows * sizes_.x_ring);
  slots.raw = divider.take<float>(num_slots() * (num_classes() + 1) * sizes_.raw_ring);
  *bytes = divider.used();
  return slots;
}

StepPlaces StreamPlan::divide_work(char* memory, std::int64_t num_turns,
                                   const CudaStreamLimits& limits, const LauncherSizes& launcher,
                                   std::int64_t* bytes) const {
  Divider divider(memory);
  const std::int64_t rows = num_turns * num_classes();
  StepPlaces places;
  StepWork& work = places.work;
  work.outcome = divider.take<StepOutcome>(1);
  work.num_listed = divider.take<std::int64_t>(1);
  work.turns = divider.take<TurnState>(num_turns);
  work.rows = divider.take<RowState>(rows);
  work.waiting = divider.take<Interval>(rows * sizes_.max_waiting);
  work.root_counts = divider.take<std::int64_t>(rows + 1);
  work.root_begins = divider.take<std::int64_t>(rows + 1);
  work.roots = divider.take<FinalRoot>(limits.max_roots);
  work.kept_counts = divider.take<std::int64_t>(limits.max_roots + 1);
  work.kept_begins = divider.take<std::int64_t>(limits.max_roots + 1);
  work.found_firsts = divider.take<std::int64_t>(limits.max_roots);
  work.found = divider.take<FoundFinal>(limits.max_detections);
  work.pool.size = limits.pool_bytes;
  work.pool.data = divider.take<char>(limits.pool_bytes);
  work.pool.used = memory == nullptr ? nullptr : &work.outcome->pool_used;
  Scratch& scratch = places.scratch;
  scratch.work.pool = work.pool;
  scratch.sort.temporary = divider.take<char>(launcher.temporary_bytes);
  scratch.sort.temporary_bytes = launcher.temporary_bytes;
  scratch.slab_bytes = slab_bytes();
  scratch.num_teams = launcher.num_teams;
  scratch.slabs = divider.take<char>(scratch.slab_bytes * launcher.num_teams);
  *bytes = divider.used();
  return places;
}

StepResult StreamPlan::divide_result(char* memory, std::int64_t num_turns,
                                     const CudaStreamLimits& limits, std::int64_t* bytes) const {
  Divider divider(memory);
  StepResult result;
  result.outcome = divider.take<StepOutcome>(1);
  result.turns = divider.take<TurnOutcome>(num_turns);
  result.segments = divider.take<Segment>(limits.max_detections);
  result.scores = divider.take<double>(limits.max_detections);
  result.decided = divider.take<std::int64_t>(limits.max_detections);
  result.labels = divider.take<std::int32_t>(limits.max_detections);
  *bytes = divider.used();
  return result;
}

// Assumes that one row in four closes a root with every snippet, with four detections each.
CudaStreamLimits StreamPlan::complete(const CudaStreamLimits& given) const {
  constexpr std::int64_t kAtLeast = 1024;
  constexpr std::int64_t kAtMost = std::int64_t{1} << 22;
  const std::int64_t rows = std::min(kAtMost, num_slots() * num_classes());
  const std::int64_t roots = std::clamp(rows * (shape_.max_rows + 3) / 4, kAtLeast, kAtMost);
  CudaStreamLimits limits = given;
  if (limits.max_roots <= 0) limits.max_roots = roots;
  if (limits.max_detections <= 0) limits.max_detections = 4 * limits.max_roots;
  if (limits.pool_bytes <= 0) {
    limits.pool_bytes = std::clamp<std::int64_t>(rows * 64, 4 << 20, 256 << 20);
  }
  return limits;
}

std::int64_t StreamPlan::longest_sum(const CudaStreamLimits& limits) const {
  return std::max(num_slots() * num_classes(), limits.max_roots) + 1;
}

// Two numbers per snippet of a window, and room for some hundred candidates.
std::int64_t StreamPlan::slab_bytes() const {
  constexpr std::int64_t kLargest = 128 << 10;
  return std::min(kLargest, 16 * sizes_.y_ring + (16 << 10));
}

}  // namespace basnet_rt::cuda
