// Many streams in one pool, as a C++ service meets them; also run under ThreadSanitizer.

#include <atomic>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>

#include "basnet_rt/stream_pool.h"
#include "support.h"

namespace basnet_rt {
namespace {

using testing::expect_error;
using testing::plain_config;
using testing::random_video;
using testing::Video;

constexpr std::int64_t kClasses = 3;  // and so many features: the network passes them on

PostprocessConfig pool_config() {
  PostprocessConfig config = plain_config({0.1, 0.3, 0.5});
  config.max_duration = 15.0;
  return config;
}

/// Activations are the features, one snippet late: a state per slot, and a last one to flush.
class Delay : public PoolNetwork {
 public:
  PoolActivations step(const PoolBatch& batch) override {
    check(batch);
    PoolActivations out;
    out.num_rows = batch.num_rows;
    for (std::size_t i = 0; i < batch.slots.size(); ++i) {
      std::vector<float>& last = last_[batch.slots[i]];
      if (batch.fresh[i] != 0) last.clear();
      const float* rows = batch.features.data() + static_cast<std::int64_t>(i) * size_of(batch);
      out.counts.push_back(last.empty() ? batch.num_rows - 1 : batch.num_rows);
      std::vector<float> whole = last.empty() ? std::vector<float>(kClasses, -9.0f) : last;
      whole.insert(whole.end(), rows, rows + size_of(batch));
      last.assign(whole.end() - kClasses, whole.end());
      out.activations.insert(out.activations.end(), whole.begin(), whole.end() - kClasses);
    }
    return out;
  }

  PoolActivations flush(const PoolBatch& batch) override {
    check(batch);
    PoolActivations out;
    out.num_rows = 1;
    for (const std::int64_t slot : batch.slots) {
      out.counts.push_back(1);
      out.activations.insert(out.activations.end(), last_[slot].begin(), last_[slot].end());
    }
    return out;
  }

  std::atomic<std::int64_t> failing{-1};  // slot
  std::atomic<std::int64_t> widest{0};

 private:
  static std::int64_t size_of(const PoolBatch& batch) { return batch.num_rows * kClasses; }

  void check(const PoolBatch& batch) {
    EXPECT_FALSE(busy_.exchange(true)) << "two threads in the network at once";
    busy_ = false;
    const std::set<std::int64_t> slots(batch.slots.begin(), batch.slots.end());
    EXPECT_EQ(slots.size(), batch.slots.size());
    widest = std::max<std::int64_t>(widest, static_cast<std::int64_t>(slots.size()));
    if (slots.count(failing) > 0) throw std::runtime_error("no luck");
  }

  std::map<std::int64_t, std::vector<float>> last_;
  std::atomic<bool> busy_{false};
};

using Row = std::tuple<std::int64_t, double, double, float, std::int64_t>;

void append(std::vector<Row>& rows, const StreamDetections& found) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Segment& segment = found.segments[i];
    rows.push_back(
        {found.labels[i], segment.start, segment.end, found.scores[i], found.decided[i]});
  }
}

FeatureView part(const Video& video, std::int64_t first, std::int64_t count) {
  return {video.cas.data() + first * kClasses, count, kClasses};
}

std::int64_t length(const Video& video) {
  return static_cast<std::int64_t>(video.cas.size()) / kClasses;
}

std::vector<Row> alone(const Video& video) {
  StreamPostprocessor stream(pool_config(), kClasses, 1.0);
  std::vector<Row> rows;
  append(rows, stream.push({video.cas.data(), length(video), kClasses, kClasses}));
  append(rows, stream.finish());
  return rows;
}

PoolOptions manual() {
  PoolOptions options;
  options.threaded = false;
  return options;
}

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

TEST(StreamPool, ManyThreadsPushAndClose) {
  PoolOptions options;
  options.max_batch = 8;
  options.max_queue = 5;
  options.max_delay = 0.001;
  StreamPool pool(std::make_shared<Delay>(), pool_config(), kClasses, kClasses, 1.0, options);
  const auto work = [&pool](unsigned worker) {
    for (unsigned turn = 0; turn < 3; ++turn) {
      const Video video = random_video(50, kClasses, 10 * worker + turn);
      const StreamId id = pool.open();
      std::vector<Row> rows;
      for (std::int64_t t = 0; t < 50; t += 2) {
        EXPECT_TRUE(pool.push(id, part(video, t, 2)));
        append(rows, pool.poll(id));
        if (t % 10 == 0) pool.pending(id);
        if (t % 14 == 0) pool.statistics();
      }
      append(rows, pool.close(id));
      EXPECT_EQ(rows, alone(video));
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 6; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pool.statistics().snippets, 6 * 3 * 50);
}

TEST(StreamPool, ShutdownWakesWhoeverWaits) {
  for (const Shutdown how : {Shutdown::kDrain, Shutdown::kDiscard}) {
    PoolOptions options;
    options.max_queue = 2;
    options.max_delay = 0.002;
    StreamPool pool(std::make_shared<Delay>(), pool_config(), kClasses, kClasses, 1.0, options);
    const Video video = random_video(2, kClasses, 1);
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, id = pool.open()] {
        EXPECT_THROW(
            {
              for (;;) pool.push(id, part(video, 0, 2));
            },
            Error);
      });
    }
    while (pool.statistics().batches < 5) std::this_thread::yield();
    pool.shutdown(how);
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(StreamPool, AWaitingPoolEndsWithItsOwner) {
  PoolOptions options;
  options.max_delay = 3600.0;
  StreamPool pool(std::make_shared<Delay>(), pool_config(), kClasses, kClasses, 1.0, options);
  const Video video = random_video(2, kClasses, 1);
  const StreamId id = pool.open();
  pool.open();
  pool.push(id, part(video, 0, 1));
}

}  // namespace
}  // namespace basnet_rt
