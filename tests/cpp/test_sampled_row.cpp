// Closed forms against samples that are really made (csrc/src/cpu/sampled_row.h).

#include <algorithm>
#include <random>

#include "cpu/sampled_row.h"
#include "support.h"

namespace basnet_rt::cpu {
namespace {

// DESIGN section 5.1, step 3: linear between snippets, the last slope goes on past the last one.
// A sample on a snippet belongs to the line before it.
std::vector<double> make_samples(const std::vector<float>& y, std::int64_t upsample) {
  std::vector<double> samples;
  const auto last_line = static_cast<std::int64_t>(y.size()) - 2;
  for (std::int64_t j = 0; j < static_cast<std::int64_t>(y.size()) * upsample; ++j) {
    if (y.size() == 1) {
      samples.push_back(y[0]);
      continue;
    }
    const auto line =
        static_cast<std::size_t>(std::min(j == 0 ? 0 : (j - 1) / upsample, last_line));
    const double position = static_cast<double>(j) / static_cast<double>(upsample);
    const float slope = y[line + 1] - y[line];
    samples.push_back(slope * (position - static_cast<double>(line)) + y[line]);
  }
  return samples;
}

std::vector<Run> make_runs(const std::vector<double>& samples, double threshold) {
  std::vector<Run> runs;
  bool inside = false;
  for (std::size_t j = 0; j < samples.size(); ++j) {
    const bool active = samples[j] >= threshold && samples[j] > 0.0;
    if (active && !inside) runs.push_back({static_cast<std::int64_t>(j), 0, 0.0});
    if (active) {
      runs.back().last = static_cast<std::int64_t>(j);
      runs.back().sum += samples[j];
    }
    inside = active;
  }
  return runs;
}

void expect_runs(const std::vector<float>& y, std::int64_t upsample,
                 const std::vector<double>& thresholds) {
  SampledRow row;
  row.assign(y, upsample);
  std::vector<std::vector<Run>> got;
  row.find_runs(thresholds, got);
  ASSERT_EQ(got.size(), thresholds.size());
  for (std::size_t k = 0; k < thresholds.size(); ++k) {
    SCOPED_TRACE("upsample " + std::to_string(upsample) + ", at " + std::to_string(thresholds[k]));
    const std::vector<Run> want = make_runs(make_samples(y, upsample), thresholds[k]);
    ASSERT_EQ(got[k].size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(got[k][i].first, want[i].first);
      EXPECT_EQ(got[k][i].last, want[i].last);
      EXPECT_NEAR(got[k][i].sum, want[i].sum, 1e-9);
    }
  }
}

class SampledRows : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(SampledRows, MatchSamplesThatAreMade) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    expect_runs(testing::random_video(1 + seed, 1, seed).cas, GetParam(), {0.0, 0.025, 0.4, 0.9});
  }
}

INSTANTIATE_TEST_SUITE_P(Upsample, SampledRows, ::testing::Values(1, 2, 3, 24, 25));

// Borders that fall on a sample are where a closed form rounds to the wrong side.
TEST(SampledRow, PlateausAndBordersOnSamples) {
  for (const std::int64_t upsample : {1, 2, 4, 24}) {
    expect_runs({0.0f, 1.0f, 0.0f}, upsample, {0.25, 0.5, 0.75});
    expect_runs({0.5f, 0.5f, 0.5f}, upsample, {0.0, 0.5});
    expect_runs({0.25f, 0.5f, 0.25f, 0.5f}, upsample, {0.25, 0.5});
    expect_runs({0.0f, 0.0f, 1.0f, 0.0f, 0.0f}, upsample, {0.0});
    expect_runs({1.0f}, upsample, {0.5, 2.0});
  }
}

// Thresholds that samples meet but for rounding: the closed form alone is off by one there.
TEST(SampledRow, ThresholdsOnAGridOfActivations) {
  std::mt19937 random(1);
  const std::vector<double> thresholds = {0.04, 0.12, 0.2, 0.28, 0.36, 0.48, 0.6, 0.84};
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<float> y(20);
    for (float& value : y) value = 0.04f * static_cast<float>(random() % 26);
    for (const std::int64_t upsample : {3, 7, 24, 25}) expect_runs(y, upsample, thresholds);
  }
}

TEST(SampledRow, PartsOfARunAddUp) {
  SampledRow row;
  row.assign({0.5f, 1.0f, 0.75f, 1.0f}, 24);
  const std::vector<double> samples = make_samples({0.5f, 1.0f, 0.75f, 1.0f}, 24);
  for (std::int64_t begin = 0; begin < row.num_samples(); begin += 5) {
    double sum = 0.0;
    for (std::int64_t end = begin + 1; end <= row.num_samples(); ++end) {
      sum += samples[static_cast<std::size_t>(end - 1)];
      ASSERT_NEAR(row.sum_between(begin, end), sum, 1e-9) << begin << " to " << end;
    }
  }
}

}  // namespace
}  // namespace basnet_rt::cpu
