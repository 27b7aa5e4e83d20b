// Places in a stream must not lose digits as it runs (csrc/src/formulas/position.h).

#include <gtest/gtest.h>

#include "formulas/position.h"

namespace basnet_rt::cpu {
namespace {

TEST(Position, DistancesAreAsExactAfterYearsAsAtTheStart) {
  const std::int64_t years = std::int64_t{1} << 50;
  EXPECT_EQ(distance({years, 0.1}, {years + 2, 0.4}), distance({0, 0.1}, {2, 0.4}));
}

TEST(Position, AdvanceKeepsTheOffsetSmall) {
  const Position moved = advance({7, 0.25}, 10.5);
  EXPECT_EQ(moved.index, 17);
  EXPECT_EQ(moved.offset, 0.75);
  const Position back = advance({7, 0.25}, -0.5);
  EXPECT_EQ(back.index, 6);
  EXPECT_EQ(back.offset, 0.75);
}

TEST(Position, EarlierIsTheOneThatComesFirst) {
  EXPECT_EQ(earlier({3, 0.5}, {3, 0.25}).offset, 0.25);
  EXPECT_EQ(earlier({3, 0.5}, kNever).index, 3);
}

}  // namespace
}  // namespace basnet_rt::cpu
