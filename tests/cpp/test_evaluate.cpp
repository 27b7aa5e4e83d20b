// Average precision on cases small enough to compute by hand.

#include <cmath>

#include "basnet_rt/evaluate.h"
#include "support.h"

namespace basnet_rt {
namespace {

using Ids = std::vector<std::int64_t>;

struct Entries {
  Ids videos;
  Ids labels;
  std::vector<Segment> segments;
  std::vector<double> scores;  // of detections

  LabelledSegments view() const {
    return {videos.data(), labels.data(), segments.data(),
            static_cast<std::int64_t>(segments.size())};
  }
};

Evaluation run(const Entries& truths, const Entries& detections, std::int64_t num_labels,
               const std::vector<double>& thresholds, int num_threads = 1) {
  EvaluationInput input;
  input.truths = truths.view();
  input.detections = detections.view();
  input.scores = detections.scores.data();
  input.num_labels = num_labels;
  return evaluate(input, thresholds, num_threads);
}

const Entries kTruths = {{0, 0}, {0, 0}, {{0, 10}, {20, 30}}, {}};

TEST(Evaluate, PerfectDetectionsScoreOne) {
  const Entries same = {{0, 0}, {0, 0}, {{0, 10}, {20, 30}}, {0.9, 0.8}};
  const Evaluation result = run(kTruths, same, 1, {0.5, 1.0});
  EXPECT_EQ(result.ap, (std::vector<double>{1.0, 1.0}));
  EXPECT_EQ(result.average_mean_ap, 1.0);
}

TEST(Evaluate, ASecondDetectionOfOneTruthIsAFalsePositive) {
  // Found, repeated, found: precision 1 up to recall 1/2, then 2/3.
  const Entries repeated = {{0, 0, 0}, {0, 0, 0}, {{0, 10}, {0, 9}, {20, 30}}, {0.9, 0.8, 0.7}};
  EXPECT_NEAR(run(kTruths, repeated, 1, {0.5}).ap[0], 0.5 + 0.5 * 2.0 / 3.0, 1e-12);
}

TEST(Evaluate, OverlapMustReachTheThreshold) {
  const Entries half = {{0}, {0}, {{0, 5}}, {0.9}};  // IoU 0.5 with the first truth
  const Evaluation result = run(kTruths, half, 1, {0.5, 0.6});
  EXPECT_NEAR(result.ap[0], 0.5, 1e-12);
  EXPECT_EQ(result.ap[1], 0.0);
}

TEST(Evaluate, LabelsWithoutTruthsAreLeftOutOfTheMean) {
  const Entries found = {{0, 0, 0}, {0, 0, 1}, {{0, 10}, {20, 30}, {0, 10}}, {0.9, 0.8, 0.7}};
  const Evaluation result = run(kTruths, found, 2, {0.5});
  EXPECT_TRUE(std::isnan(result.ap[1]));
  EXPECT_EQ(result.mean_ap[0], 1.0);
}

TEST(Evaluate, TheSameTimesInAnotherVideoDoNotMatch) {
  const Entries elsewhere = {{1}, {0}, {{0, 10}}, {0.9}};
  EXPECT_EQ(run(kTruths, elsewhere, 1, {0.5}).mean_ap[0], 0.0);
}

TEST(Evaluate, BadInputIsNamed) {
  const Entries none;
  testing::expect_invalid([&] { run(none, none, 1, {0.5}); }, {"ground truth"});
  testing::expect_invalid([&] { run(kTruths, none, 1, {}); }, {"tiou_thresholds"});
  testing::expect_invalid([&] { run(kTruths, none, 1, {1.5}); }, {"tiou_thresholds", "1.5"});
  const Entries nan = {{0}, {0}, {{0, 10}}, {std::nan("")}};
  testing::expect_invalid([&] { run(kTruths, nan, 1, {0.5}); }, {"nan"});
  const Entries label = {{0}, {7}, {{0, 10}}, {0.5}};
  testing::expect_invalid([&] { run(kTruths, label, 1, {0.5}); }, {"7"});
}

}  // namespace
}  // namespace basnet_rt
