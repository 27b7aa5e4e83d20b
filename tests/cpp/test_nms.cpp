#include <limits>

#include "basnet_rt/nms.h"
#include "nms_oracle.h"
#include "support.h"

namespace basnet_rt {
namespace {

using Indices = std::vector<std::int64_t>;
using Labels = std::vector<std::int64_t>;

Indices run_nms(const std::vector<Segment>& segments, const std::vector<double>& scores, double iou,
                const Labels& labels = {}) {
  const auto* label_data = labels.empty() ? nullptr : labels.data();
  return nms(
      {segments.data(), scores.data(), label_data, static_cast<std::int64_t>(segments.size())},
      iou);
}

TEST(Nms, NothingInNothingOut) { EXPECT_EQ(run_nms({}, {}, 0.5), Indices{}); }

TEST(Nms, DropsAtTheThresholdItself) {
  // IoU of [0, 2) and [1, 3) is 1/3.
  EXPECT_EQ(run_nms({{0, 2}, {1, 3}}, {0.8, 0.9}, 1.0 / 3.0), Indices{1});
  EXPECT_EQ(run_nms({{0, 2}, {1, 3}}, {0.8, 0.9}, 0.334), (Indices{1, 0}));
}

TEST(Nms, TouchingIntervalsDoNotOverlap) {
  EXPECT_EQ(run_nms({{0, 1}, {1, 2}}, {0.9, 0.8}, 1e-9), (Indices{0, 1}));
}

TEST(Nms, IntervalsWithoutLengthOverlapNothing) {
  EXPECT_EQ(run_nms({{1, 1}, {1, 1}, {0, 2}}, {0.9, 0.8, 0.7}, 1e-9), (Indices{0, 1, 2}));
}

TEST(Nms, LabelsDoNotMeet) {
  EXPECT_EQ(run_nms({{0, 1}, {0, 1}, {0, 1}}, {0.7, 0.8, 0.9}, 0.5, {1, 0, 1}), (Indices{2, 1}));
}

// A dropped interval drops nobody: 1 falls to 0, so 2 stays although it overlaps 1.
TEST(Nms, OnlyKeptIntervalsSuppress) {
  EXPECT_EQ(run_nms({{0, 4}, {2, 6}, {4, 8}}, {0.9, 0.8, 0.7}, 0.3), (Indices{0, 2}));
}

// The order is part of the contract: start, then end, then place in the input.
TEST(Nms, EqualScoresAreOrderedByStartEndAndInput) {
  EXPECT_EQ(run_nms({{5, 7}, {5, 6}, {0, 1}, {5, 6}}, {0.5, 0.5, 0.5, 0.5}, 1.0),
            (Indices{2, 1, 0}));
}

// Catches a look-up that misses a kept interval: at the edge of a cell or a level, at any scale and
// threshold, beyond what a length holds, in another label.
TEST(Nms, EqualsPlainLoopsOnHardInput) {
  testing::for_each_hard_input([](const testing::NmsInput& input, const std::string& what) {
    for (const double iou : {1e-320, 1e-9, 1e-6, 0.01, 0.1, 0.25, 1.0 / 3.0, 0.5, 2.0 / 3.0, 0.7,
                             0.75, 0.8, 0.9, 0.95, 0.999, 1.0}) {
      EXPECT_EQ(nms(input.view(), iou), testing::NmsOracle(input).hard(iou)) << what << ", " << iou;
    }
  });
}

TEST(Nms, BadInputIsNamed) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  testing::expect_invalid([&] { run_nms({{0, 1}}, {nan}, 0.5); }, {"scores[0] is nan"});
  testing::expect_invalid([&] { run_nms({{0, 1}, {2, 1}}, {1, 1}, 0.5); },
                          {"segments[1]", "[2, 1)"});
  testing::expect_invalid([&] { run_nms({{nan, 1}}, {1}, 0.5); }, {"segments[0]"});
  testing::expect_invalid([&] { run_nms({}, {}, 0.0); }, {"iou is 0", "(0, 1]"});
  testing::expect_invalid([&] { run_nms({}, {}, nan); }, {"iou is nan"});
}

}  // namespace
}  // namespace basnet_rt
