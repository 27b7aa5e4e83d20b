// The number of threads must not be seen in results or errors.

#include <atomic>
#include <limits>

#include "parallel.h"
#include "support.h"

namespace basnet_rt {
namespace {

using testing::random_video;
using testing::Video;

std::vector<Video> random_videos(unsigned count) {
  std::vector<Video> videos;
  for (unsigned i = 0; i < count; ++i) videos.push_back(random_video(1 + 7 * i, 1 + i % 5, i));
  return videos;
}

std::vector<VideoInput> inputs(const std::vector<Video>& videos) {
  std::vector<VideoInput> views;
  for (const Video& video : videos) views.push_back(video.input());
  return views;
}

void expect_equal(const Detections& got, const Detections& want) {
  EXPECT_EQ(got.labels, want.labels);
  EXPECT_EQ(got.scores, want.scores);
  ASSERT_EQ(got.segments.size(), want.segments.size());
  for (std::size_t i = 0; i < got.segments.size(); ++i) {
    EXPECT_EQ(got.segments[i].start, want.segments[i].start);
    EXPECT_EQ(got.segments[i].end, want.segments[i].end);
  }
}

class BatchThreads : public ::testing::TestWithParam<int> {};

TEST_P(BatchThreads, GiveTheResultsOfSingleCalls) {
  const std::vector<Video> videos = random_videos(40);
  const PostprocessConfig config;
  const auto results = postprocess_batch(inputs(videos), config, GetParam());
  ASSERT_EQ(results.size(), videos.size());
  std::size_t found = 0;
  for (std::size_t i = 0; i < videos.size(); ++i) {
    expect_equal(results[i], postprocess(videos[i].input(), config));
    found += results[i].size();
  }
  EXPECT_GT(found, videos.size());  // else the comparison says nothing
}

INSTANTIATE_TEST_SUITE_P(Counts, BatchThreads, ::testing::Values(0, 1, 2, 3, 64));

TEST(Batch, NoVideosGiveNoResults) { EXPECT_TRUE(postprocess_batch({}, {}, 2).empty()); }

TEST(Batch, TheErrorIsThatOfTheFirstBadVideo) {
  std::vector<Video> videos = random_videos(30);
  videos[11].cas[3] = std::numeric_limits<float>::quiet_NaN();
  videos[29].cas[0] = std::numeric_limits<float>::infinity();
  for (const int threads : {1, 2, 8}) {
    testing::expect_invalid([&] { postprocess_batch(inputs(videos), {}, threads); },
                            {"videos[11]: cas["});
  }
}

TEST(Batch, ThreadCountsAreChecked) {
  testing::expect_invalid([] { postprocess_batch({}, {}, -1); }, {"num_threads is -1"});
}

TEST(ParallelFor, VisitsEachIndexOnce) {
  for (const std::size_t count : {0u, 1u, 2u, 100u}) {
    std::vector<std::atomic<int>> visits(count);
    cpu::parallel_for(count, 8, [&](std::size_t i) { ++visits[i]; });
    for (const auto& seen : visits) EXPECT_EQ(seen, 1);
  }
}

TEST(ParallelFor, RethrowsTheFailureOfTheSmallestIndexWhicheverCameFirst) {
  std::atomic<bool> one_has_failed{false};
  const auto work = [&](std::size_t i) {
    if (i == 2) one_has_failed = true;  // by the thread that was through with 1
    if (i == 2) return;
    while (i == 0 && !one_has_failed) std::this_thread::yield();
    throw Error(ErrorCode::kInvalidArgument, "of " + std::to_string(i));
  };
  testing::expect_invalid([&] { cpu::parallel_for(3, 2, work); }, {"of 0"});
}

}  // namespace
}  // namespace basnet_rt
