// The scanner that finds roots and proposals, in streams and offline (formulas/intervals.h).

#include <limits>

#include "formulas/intervals.h"
#include "support.h"

namespace basnet_rt::cpu {
namespace {

constexpr double kEndless = std::numeric_limits<double>::infinity();

struct Ends {
  double start;  // snippets from the centre of snippet 0
  double end;

  bool operator==(const Ends& other) const { return start == other.start && end == other.end; }
};

std::ostream& operator<<(std::ostream& out, const Ends& ends) {
  return out << "[" << ends.start << ", " << ends.end << ")";
}

struct Settings {
  double threshold = 0.5;
  double merge_gap = 0.0;
  double max_duration = kEndless;
};

std::vector<Interval> intervals(const std::vector<double>& y, const Settings& settings,
                                Position end) {
  std::vector<Interval> found;
  const auto keep = [&found](const Interval& interval) { found.push_back(interval); };
  IntervalScanner scanner(settings.threshold, settings.merge_gap, settings.max_duration, end);
  scanner.begin(0, y[0], {0, -0.5}, keep);
  for (std::size_t i = 1; i < y.size(); ++i) scanner.push(y[i], keep);
  scanner.finish(end, keep);
  return found;
}

std::vector<Ends> scan(const std::vector<double>& y, const Settings& settings = {}) {
  std::vector<Ends> ends;
  const Position end{static_cast<std::int64_t>(y.size()) - 1, 0.5};
  for (const Interval& found : intervals(y, settings, end)) {
    ends.push_back({distance({0, 0.0}, found.start), distance({0, 0.0}, found.end)});
  }
  return ends;
}

using Found = std::vector<Ends>;

TEST(Intervals, OneSnippetFillsItself) {
  EXPECT_EQ(scan({1.0}), (Found{{-0.5, 0.5}}));
  EXPECT_EQ(scan({0.0}), Found{});
}

TEST(Intervals, SpikesAtTheEndsReachTheEnds) {
  EXPECT_EQ(scan({1.0, 0.0, 0.0, 1.0}), (Found{{-0.5, 0.5}, {2.5, 3.5}}));
}

TEST(Intervals, ReachingTheThresholdIsEnough) {
  EXPECT_EQ(scan({0.5, 0.5, 0.0}), (Found{{-0.5, 1.0}}));
}

// A touch of the threshold from below is an interval of no length; one from above no gap.
TEST(Intervals, TouchesOfThePositiveThresholdCountForNothing) {
  EXPECT_EQ(scan({0.0, 0.5, 0.0}), Found{});
  EXPECT_EQ(scan({1.0, 0.5, 1.0}), (Found{{-0.5, 2.5}}));
}

TEST(Intervals, ATouchOfZeroSplitsAtThresholdZero) {
  EXPECT_EQ(scan({1.0, 0.0, 1.0}, {0.0}), (Found{{-0.5, 1.0}, {1.0, 2.5}}));
  EXPECT_EQ(scan({0.0, 0.0, 0.0}, {0.0}), Found{});
}

TEST(Intervals, GapsAreBridgedBelowMergeGapOnly) {
  const std::vector<double> y = {1.0, 0.0, 1.0};  // a gap of one snippet
  EXPECT_EQ(scan(y, {0.5, 1.0}).size(), 2u);
  EXPECT_EQ(scan(y, {0.5, 1.5}), (Found{{-0.5, 2.5}}));
}

TEST(Intervals, ATouchAloneBridgesNothing) {
  // Without the touch at snippet 2 the gap is 3 long; the touch must not make two gaps of it.
  EXPECT_EQ(scan({1.0, 0.0, 0.5, 0.0, 1.0}, {0.5, 2.0}).size(), 2u);
}

TEST(Intervals, CutsAreExactAndMarked) {
  const auto found = intervals({1, 1, 1, 1}, {0.5, 0.0, 1.5}, {3, 0.5});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_FALSE(found[0].cut_start);
  EXPECT_TRUE(found[0].cut_end);
  EXPECT_TRUE(found[2].cut_start);
  EXPECT_FALSE(found[2].cut_end);
  EXPECT_DOUBLE_EQ(distance(found[0].start, found[0].end), 1.5);
  EXPECT_DOUBLE_EQ(distance(found[2].start, found[2].end), 1.0);
}

TEST(Intervals, ALengthOfExactlyMaxDurationIsNotCut) {
  EXPECT_EQ(scan({1.0, 1.0}, {0.5, 0.0, 2.0}), (Found{{-0.5, 1.5}}));
}

TEST(Intervals, NothingLiesBeyondTheLimit) {
  const auto found = intervals({1, 1, 0, 1}, {}, {0, 0.25});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_DOUBLE_EQ(distance({0, 0.0}, found[0].end), 0.25);
}

}  // namespace
}  // namespace basnet_rt::cpu
