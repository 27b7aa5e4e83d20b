#include "stream_standin.h"

#include <cstring>
#include <utility>

#include "lane_team.h"

namespace basnet_rt::testing {
namespace {

const cuda::StreamShape& checked(const cuda::StreamShape& shape) {
  cuda::check_streams(shape);
  return shape;
}

// Memory is new in each step, so a pool of the usual megabytes would take most of the time. What a
// step lacks is asked for.
CudaStreamLimits with_small_pool(CudaStreamLimits limits) {
  if (limits.pool_bytes == 0) limits.pool_bytes = 1 << 16;
  return limits;
}

}  // namespace

StepRunner serial_runner(cuda::Order order) {
  return [order](const cuda::Step& step, const cuda::Scratch& scratch) {
    cuda::SerialLauncher launcher(order);
    cuda::run_step(launcher, step, scratch);
  };
}

StepRunner lane_runner(int lanes) {
  return [lanes](const cuda::Step& step, const cuda::Scratch& scratch) {
    LaneLauncher launcher(lanes);
    cuda::run_step(launcher, step, scratch);
  };
}

StandinStreams::StandinStreams(const cuda::StreamShape& shape, StepRunner runner,
                               const CudaStreamLimits& limits)
    : plan_(checked(shape)),
      runner_(std::move(runner)),
      limits_(plan_.complete(with_small_pool(limits))),
      constants_(plan_.constants()) {
  std::int64_t bytes = 0;
  plan_.divide_slots(nullptr, &bytes);
  slots_.resize(static_cast<std::size_t>(bytes));
  settings_ = plan_.settings(constants_.data(), plan_.divide_slots(slots_.data(), &bytes));
}

StandinStreams::Try StandinStreams::try_step(const std::vector<StreamTurn>& turns,
                                             const StandinRows& rows) {
  ++tries_;
  const std::int64_t classes = plan_.num_classes();
  const auto count = static_cast<std::int64_t>(turns.size());
  const std::vector<cuda::TurnInput> inputs = cuda::checked_turns(turns, plan_);
  const DeviceRows device{rows.activations.data(), classes, rows.raw_cas.data(),
                          static_cast<std::int64_t>(rows.activations.size()) / classes};
  cuda::check_rows(device, plan_);

  // Blocks of their own, so that AddressSanitizer sees a step past either end.
  const cuda::LauncherSizes launcher_sizes{3, 0};
  std::int64_t work_bytes = 0;
  std::int64_t result_bytes = 0;
  plan_.divide_work(nullptr, count, limits_, launcher_sizes, &work_bytes);
  plan_.divide_result(nullptr, count, limits_, &result_bytes);
  std::vector<char> work(static_cast<std::size_t>(work_bytes), static_cast<char>(0x5a));
  std::vector<char> result(static_cast<std::size_t>(result_bytes), static_cast<char>(0x5a));
  const cuda::StepPlaces places =
      plan_.divide_work(work.data(), count, limits_, launcher_sizes, &work_bytes);
  const cuda::Step step{
      settings_,   {count, limits_.max_roots, limits_.max_detections},
      device,      inputs.data(),
      places.work, plan_.divide_result(result.data(), count, limits_, &result_bytes)};
  runner_(step, places.scratch);

  Try one;
  one.shortage = cuda::stream_shortage(step.result, limits_);
  if (!one.shortage) one.results = cuda::read_turns(step.result, count, plan_, limits_);
  return one;
}

std::string StandinStreams::save(std::int64_t slot) {
  const cuda::SlotImage image(plan_);
  image.each_part(settings_.state, slot,
                  [](void* all, void* here, std::size_t bytes) { std::memcpy(here, all, bytes); });
  return cuda::saved_bytes(image);
}

void StandinStreams::load(std::int64_t slot, std::string_view bytes) {
  cuda::SlotImage image(plan_);
  cuda::read_saved(bytes, image);
  image.each_part(settings_.state, slot, [](void* all, void* here, std::size_t bytes_of_part) {
    std::memcpy(all, here, bytes_of_part);
  });
}

std::vector<StreamTurnResult> StandinStreams::step(const std::vector<StreamTurn>& turns,
                                                   const StreamRows& rows) {
  const std::int64_t classes = plan_.num_classes();
  StandinRows own;
  if (rows.num_rows > 0) {
    own.activations.assign(rows.activations, rows.activations + rows.num_rows * classes);
  }
  if (rows.num_rows > 0 && rows.raw_cas != nullptr) {
    own.raw_cas.assign(rows.raw_cas, rows.raw_cas + rows.num_rows * (classes + 1));
  }
  return step(turns, own);
}

std::vector<StreamTurnResult> StandinStreams::step(const std::vector<StreamTurn>& turns,
                                                   const StandinRows& rows) {
  if (turns.empty()) return {};
  for (;;) {
    Try one = try_step(turns, rows);
    if (!one.shortage) return std::move(one.results);
    limits_ = *one.shortage;
  }
}

}  // namespace basnet_rt::testing
