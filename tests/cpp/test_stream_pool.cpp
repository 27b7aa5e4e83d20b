// Many streams in one pool, as a C++ service meets them.

#include "pool_support.h"

namespace basnet_rt {
namespace {

using testing::alone;
using testing::append;
using testing::Delay;
using testing::expect_error;
using testing::kClasses;
using testing::manual;
using testing::part;
using testing::pool_config;
using testing::random_video;
using testing::Row;
using testing::Video;

TEST(StreamPool, GivesEachStreamWhatItWouldHaveAlone) {
  const auto network = std::make_shared<Delay>();
  PoolOptions options = manual();
  options.max_batch = 5;
  StreamPool pool(network, pool_config(), kClasses, kClasses, 1.0, options);
  std::vector<Video> videos;
  std::vector<StreamId> ids;
  for (unsigned seed = 0; seed < 7; ++seed) {
    videos.push_back(random_video(40 + seed, kClasses, seed));
    ids.push_back(pool.open());
    EXPECT_TRUE(pool.push(ids.back(), part(videos.back(), 0, 40 + seed)));
    while (seed % 2 == 0 && pool.step()) {
    }
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::vector<Row> rows;
    append(rows, pool.close(ids[i]));
    EXPECT_EQ(rows, alone(videos[i]));
    EXPECT_FALSE(rows.empty());
  }
  EXPECT_LE(network->widest, 5);
  EXPECT_EQ(pool.statistics().streams_open, 0);
}

TEST(StreamPool, WaitsForCompanyUntilTheDelayIsOver) {
  double now = 0.0;
  PoolOptions options = manual();
  options.max_delay = 0.5;
  options.clock = [&now] { return now; };
  StreamPool pool(std::make_shared<Delay>(), pool_config(), kClasses, kClasses, 1.0, options);
  const Video video = random_video(2, kClasses, 1);
  const StreamId first = pool.open();
  pool.open();
  pool.push(first, part(video, 0, 1));
  now = 0.4;
  EXPECT_FALSE(pool.step());
  now = 0.6;
  EXPECT_TRUE(pool.step());
}

TEST(StreamPool, AFullQueueRefusesAndNothingIsTaken) {
  PoolOptions options = manual();
  options.max_queue = 4;
  StreamPool pool(std::make_shared<Delay>(), pool_config(), kClasses, kClasses, 1.0, options);
  const Video video = random_video(9, kClasses, 1);
  const StreamId id = pool.open();
  EXPECT_TRUE(pool.push(id, part(video, 0, 3)));
  EXPECT_FALSE(pool.push(id, part(video, 3, 2)));
  EXPECT_EQ(pool.statistics(id).snippets_in, 3);
}

TEST(StreamPool, AFailureStaysWithItsStream) {
  const auto network = std::make_shared<Delay>();
  StreamPool pool(network, pool_config(), kClasses, kClasses, 1.0, manual());
  const Video video = random_video(30, kClasses, 3);
  const StreamId bad = pool.open();
  const StreamId good = pool.open();
  for (const StreamId id : {bad, good}) pool.push(id, part(video, 0, 30));
  network->failing = 0;
  expect_error([&] { pool.close(bad); }, ErrorCode::kInvalidState, {"stream 0", "no luck"});
  network->failing = -1;
  std::vector<Row> rows;
  append(rows, pool.close(good));
  EXPECT_EQ(rows, alone(video));
  testing::expect_invalid([&] { pool.poll(bad); }, {"stream is 0", "no such stream"});
}

}  // namespace
}  // namespace basnet_rt
