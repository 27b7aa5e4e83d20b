// The streaming contract as a C++ service meets it.

#include <algorithm>

#include "basnet_rt/stream.h"
#include "support.h"

namespace basnet_rt {
namespace {

using testing::plain_config;
using testing::random_video;
using testing::Video;

constexpr std::int64_t kClasses = 3;

PostprocessConfig stream_config() {
  PostprocessConfig config = plain_config({0.1, 0.3, 0.5, 0.7});
  config.max_duration = 20.0;
  config.merge_gap = 1.5;
  return config;
}

// Everything of one detection, to compare without regard to order.
using Row = std::tuple<double, double, std::int64_t, float>;

template <class Found>
void append(std::vector<Row>& rows, const Found& found) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    rows.push_back(
        {found.segments[i].start, found.segments[i].end, found.labels[i], found.scores[i]});
  }
}

CasView rows_of(const Video& video, std::int64_t first, std::int64_t count) {
  return {video.cas.data() + first * kClasses, count, kClasses, kClasses};
}

std::vector<Row> stream_rows(const Video& video, StreamPostprocessor stream, std::int64_t first,
                             std::int64_t chunk) {
  std::vector<Row> rows;
  const auto total = static_cast<std::int64_t>(video.cas.size()) / kClasses;
  for (; first < total; first += chunk) {
    append(rows, stream.push(rows_of(video, first, std::min(chunk, total - first))));
  }
  append(rows, stream.finish());
  return rows;
}

std::vector<Row> offline_rows(const Video& video) {
  std::vector<Row> rows;
  append(rows, postprocess(video.input(), stream_config()));
  std::sort(rows.begin(), rows.end());
  return rows;
}

class StreamChunks : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(StreamChunks, GiveTheOfflineResultBitForBit) {
  const Video video = random_video(300, kClasses, 5);
  std::vector<Row> rows =
      stream_rows(video, StreamPostprocessor(stream_config(), kClasses, 1.0), 0, GetParam());
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(rows, offline_rows(video));
  EXPECT_GT(rows.size(), 20u);  // else the comparison says nothing
}

INSTANTIATE_TEST_SUITE_P(Sizes, StreamChunks, ::testing::Values(1, 2, 7, 64, 300));

TEST(Stream, ContinuesFromSavedBytesAsIfNothingHadHappened) {
  const Video video = random_video(300, kClasses, 6);
  StreamPostprocessor stream(stream_config(), kClasses, 1.0);
  std::vector<Row> rows;
  append(rows, stream.push(rows_of(video, 0, 140)));
  const std::string bytes = stream.save();
  for (const Row& row : stream_rows(video, StreamPostprocessor::load(bytes), 140, 9)) {
    rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(rows, offline_rows(video));
}

TEST(Stream, DamagedBytesAreRefused) {
  StreamPostprocessor stream(stream_config(), kClasses, 1.0);
  std::string bytes = stream.save();
  const auto load = [&] { StreamPostprocessor::load(bytes); };
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  testing::expect_error(load, ErrorCode::kInvalidState, {});
  bytes.resize(bytes.size() / 2);
  testing::expect_error(load, ErrorCode::kInvalidState, {});
  bytes.clear();
  testing::expect_error(load, ErrorCode::kInvalidState, {});
}

TEST(Stream, AnErrorLeavesTheStateAsItWas) {
  StreamPostprocessor stream(stream_config(), kClasses, 1.0);
  Video video = random_video(4, kClasses, 7);
  static_cast<void>(stream.push(rows_of(video, 0, 4)));
  const std::string before = stream.save();
  video.cas[5] = std::numeric_limits<float>::quiet_NaN();
  testing::expect_invalid([&] { return stream.push(rows_of(video, 0, 4)); }, {"nan"});
  EXPECT_EQ(stream.save(), before);
}

TEST(Stream, NothingMayFollowTheEnd) {
  StreamPostprocessor stream(stream_config(), kClasses, 1.0);
  const Video video = random_video(4, kClasses, 8);
  static_cast<void>(stream.push(rows_of(video, 0, 4)));
  static_cast<void>(stream.finish());
  const auto push = [&] { return stream.push(rows_of(video, 0, 1)); };
  testing::expect_error(push, ErrorCode::kInvalidState, {});
}

}  // namespace
}  // namespace basnet_rt
