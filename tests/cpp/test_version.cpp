#include <gtest/gtest.h>

#include "basnet_rt/version.h"

namespace basnet_rt {
namespace {

TEST(Version, IsTheOneOfTheBuild) { EXPECT_STREQ(version(), EXPECTED_VERSION); }

}  // namespace
}  // namespace basnet_rt
