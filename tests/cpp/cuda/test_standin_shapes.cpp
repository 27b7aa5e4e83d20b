// Shapes that straddle warps, blocks and tiles of the sort and the sums, and batches that are
// ragged: catches an index, a slab or a list that is one short, or laid at an odd address.

#include <string>

#include "cases.h"
#include "standin.h"

namespace basnet_rt {
namespace {

using cuda::Order;
using testing::expect_equal;
using testing::inputs_of;
using testing::run_standin_until_done;
using testing::standin_batch;

std::size_t expect_the_cpus(const std::vector<VideoInput>& views, const PostprocessConfig& config) {
  const auto want = postprocess_batch(views, config, 1);
  const auto got = run_standin_until_done(standin_batch(views), config, Order::kScattered);
  EXPECT_EQ(got.size(), want.size());
  std::size_t found = 0;
  for (std::size_t i = 0; i < want.size() && i < got.size(); ++i) {
    SCOPED_TRACE("video " + std::to_string(i));
    expect_equal(got[i], want[i]);
    found += want[i].size();
  }
  return found;
}

PostprocessConfig few_levels(Mode mode) {
  PostprocessConfig config = defaults_of(mode);
  config.cas_thresholds = {0.0, 0.3, 0.6};
  config.nms_iou = 0.6;
  return config;
}

class Lengths : public ::testing::TestWithParam<Mode> {};

TEST_P(Lengths, AroundWarpsBlocksAndTiles) {
  for (const std::int64_t middle : {32, 128, 256, 1024}) {
    for (std::int64_t length = middle - 1; length <= middle + 1; ++length) {
      SCOPED_TRACE(length);
      const auto config = few_levels(GetParam());
      const auto inputs = inputs_of(config, 2, static_cast<unsigned>(length), {length, 5});
      EXPECT_GT(expect_the_cpus(inputs.views, config), 0u);
    }
  }
}

TEST_P(Lengths, ManyVideos) {
  for (const std::size_t count : {1u, 3u, 31u, 32u, 33u, 300u}) {
    SCOPED_TRACE(count);
    const auto config = few_levels(GetParam());
    std::vector<std::int64_t> lengths;
    for (std::size_t i = 0; i < count; ++i) {
      lengths.push_back(1 + static_cast<std::int64_t>(i) * 7 % 61);
    }
    const auto inputs = inputs_of(config, 2, static_cast<unsigned>(count), lengths);
    expect_the_cpus(inputs.views, config);
  }
}

TEST_P(Lengths, FewAndManyClasses) {
  for (const std::int64_t classes : {1, 2, 33, 200, 1000}) {
    SCOPED_TRACE(classes);
    const auto config = few_levels(GetParam());
    const auto inputs = inputs_of(config, classes, static_cast<unsigned>(classes), {33, 1, 17});
    const std::size_t found = expect_the_cpus(inputs.views, config);
    EXPECT_TRUE(found > 0 || classes == 1);  // published: class 0 alone emits nothing
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, Lengths, ::testing::Values(Mode::kContinuous, Mode::kPublished),
                         [](const auto& info) {
                           return info.param == Mode::kPublished ? "published" : "continuous";
                         });

}  // namespace
}  // namespace basnet_rt
