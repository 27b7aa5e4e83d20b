// Values that are not allowed, anywhere: kernels see them before the host does. Whatever they then
// work out, they must stay in their memory (AddressSanitizer), end, and name the CPU's culprit.

#include <limits>
#include <random>
#include <string>

#include "cases.h"
#include "standin.h"

namespace basnet_rt {
namespace {

using cuda::Order;
using testing::Case;
using testing::cases;
using testing::expect_invalid;
using testing::Inputs;
using testing::inputs_of;
using testing::run_standin;
using testing::standin_batch;
using testing::Video;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::string error_of_cpu(const std::vector<VideoInput>& views, const PostprocessConfig& config) {
  try {
    postprocess_batch(views, config, 1);
  } catch (const Error& error) {
    return error.what();
  }
  return "the CPU found no fault";
}

void spoil(std::vector<Video>& videos, std::mt19937& random) {
  for (unsigned n = random() % 4 + 1; n > 0; --n) {
    std::vector<float>& cas = videos[random() % videos.size()].cas;
    const float bad[] = {kNaN, kInfinity, -kInfinity};
    cas[random() % cas.size()] = bad[random() % 3];
  }
}

class BadValues : public ::testing::TestWithParam<Case> {};

TEST_P(BadValues, AreNamedAndHarmless) {
  const PostprocessConfig& config = GetParam().config;
  std::mt19937 random(5);
  for (unsigned round = 0; round < 20; ++round) {
    Inputs inputs = inputs_of(config, 3, round, {40, 1, 90});
    spoil(inputs.videos, random);
    const std::string want = error_of_cpu(inputs.views, config);
    expect_invalid([&] { run_standin(standin_batch(inputs.views), config, Order::kScattered); },
                   {want});
  }
}

TEST_P(BadValues, OfARawCasToo) {
  const PostprocessConfig& config = GetParam().config;
  if (config.gate != Gate::kHorizon) return;
  Inputs inputs = inputs_of(config, 3, 3, {40, 90});
  inputs.raw[1].cas[33] = -kInfinity;
  const std::string want = error_of_cpu(inputs.views, config);
  expect_invalid([&] { run_standin(standin_batch(inputs.views), config, Order::kForward); },
                 {want});
}

INSTANTIATE_TEST_SUITE_P(Configs, BadValues, ::testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace basnet_rt
