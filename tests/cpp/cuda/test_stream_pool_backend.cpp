// A StreamPool whose streams are post-processed by a backend (here the CUDA one's stand-in) gives
// what a pool without one gives: finals, pending, onsets, saved streams, errors.

#include <limits>
#include <string>
#include <utility>

#include "../pool_support.h"
#include "cuda/stream/turn_parts.h"
#include "stream_standin.h"

namespace basnet_rt {
namespace {

using testing::alone;
using testing::append;
using testing::Delay;
using testing::expect_error;
using testing::expect_invalid;
using testing::kClasses;
using testing::length;
using testing::manual;
using testing::part;
using testing::pool_config;
using testing::random_video;
using testing::Row;
using testing::Video;

class StandinBackend : public StreamBackend {
 public:
  explicit StandinBackend(std::int64_t max_streams, const PostprocessConfig& config = pool_config())
      : streams_({config, kClasses, 1.0, max_streams, 5},
                 testing::serial_runner(cuda::Order::kScattered)) {}

  std::vector<StreamTurnResult> step(const std::vector<StreamTurn>& turns,
                                     const StreamRows& rows) override {
    if (std::exchange(fails, false)) throw std::runtime_error("the device is gone");
    device_steps += rows.on_device ? 1 : 0;
    return cuda::step_in_parts(turns, 5,
                               [&](const auto& parts) { return streams_.step(parts, rows); });
  }
  std::string save(std::int64_t slot) override { return streams_.save(slot); }
  void load(std::int64_t slot, std::string_view bytes) override { streams_.load(slot, bytes); }
  std::int64_t max_streams() const override { return streams_.plan().num_slots(); }

  bool fails = false;
  int device_steps = 0;

 private:
  testing::StandinStreams streams_;
};

// Hands its activations over as a network on a device does.
class DeviceDelay : public Delay {
 public:
  PoolActivations step(const PoolBatch& batch) override { return moved(Delay::step(batch)); }
  PoolActivations flush(const PoolBatch& batch) override { return moved(Delay::flush(batch)); }

 private:
  PoolActivations moved(PoolActivations&& output) {
    kept_ = std::exchange(output.activations, {});
    output.device_activations = kept_.data();
    return std::move(output);
  }

  std::vector<float> kept_;
};

struct Made {
  std::shared_ptr<StandinBackend> backend;
  std::unique_ptr<StreamPool> pool;
};

Made pool_on_backend(std::shared_ptr<PoolNetwork> network, PoolOptions options) {
  Made made{std::make_shared<StandinBackend>(options.max_streams), nullptr};
  options.backend = made.backend;
  made.pool = std::make_unique<StreamPool>(std::move(network), pool_config(), kClasses, kClasses,
                                           1.0, options);
  return made;
}

PoolOptions few() {
  PoolOptions options = manual();
  options.max_streams = 4;
  options.max_batch = 24;
  options.max_queue = 1000;
  return options;
}

std::vector<Row> closed(StreamPool& pool, StreamId id) {
  std::vector<Row> rows;
  append(rows, pool.close(id));
  return rows;
}

TEST(PoolBackend, StreamsComeOutAsThoseOfThePoolOnTheCpu) {
  Made made = pool_on_backend(std::make_shared<Delay>(), few());
  std::size_t found = 0;
  for (unsigned round = 0; round < 3; ++round) {  // slots are used again
    std::vector<Video> videos;
    std::vector<StreamId> ids;
    for (unsigned s = 0; s < 4; ++s) {
      videos.push_back(random_video(60 + 31 * s, kClasses, round * 10 + s));
      ids.push_back(made.pool->open());
      EXPECT_TRUE(made.pool->push(ids[s], part(videos[s], 0, length(videos[s]))));
    }
    for (unsigned s = 0; s < 4; ++s) {
      const std::vector<Row> want = alone(videos[s]);
      EXPECT_EQ(closed(*made.pool, ids[s]), want);
      found += want.size();
    }
  }
  EXPECT_GT(found, 60u);
  EXPECT_EQ(made.backend->device_steps, 0);
}

TEST(PoolBackend, ActivationsStayOnTheDevice) {
  Made made = pool_on_backend(std::make_shared<DeviceDelay>(), few());
  const Video video = random_video(90, kClasses, 4);
  const StreamId id = made.pool->open();
  made.pool->push(id, part(video, 0, 90));
  EXPECT_EQ(closed(*made.pool, id), alone(video));
  EXPECT_GT(made.backend->device_steps, 2);
}

TEST(PoolBackend, ANetworkOnADeviceNeedsABackend) {
  StreamPool pool(std::make_shared<DeviceDelay>(), pool_config(), kClasses, kClasses, 1.0, few());
  const StreamId id = pool.open();
  pool.push(id, part(random_video(9, kClasses, 4), 0, 9));
  expect_error([&] { pool.close(id); }, ErrorCode::kInvalidState, {"activations have 0 values"});
}

// Gaps, pending and statistics; the twin pool has no backend.
TEST(PoolBackend, GapsPendingAndStatisticsAreTheSame) {
  Made made = pool_on_backend(std::make_shared<Delay>(), few());
  StreamPool twin(std::make_shared<Delay>(), pool_config(), kClasses, kClasses, 1.0, few());
  const Video video = random_video(120, kClasses, 9);
  const std::pair<StreamPool*, StreamId> both[] = {{made.pool.get(), made.pool->open()},
                                                   {&twin, twin.open()}};
  EXPECT_EQ(made.pool->pending(both[0].second).size(), 0u);
  std::vector<std::vector<Row>> rows;
  std::vector<std::vector<float>> pending;
  for (const auto& [pool, id] : both) {
    std::vector<Row> found;
    for (const std::int64_t at : {0, 40, 80}) {
      pool->push(id, part(video, at, 40));
      while (pool->step(true)) {
      }
      pending.push_back(pool->pending(id).scores);
      pool->gap(id, 7);
    }
    pool->end(id, 200.0);
    pool->wait(id);
    EXPECT_EQ(pool->pending(id).size(), 0u);
    append(found, pool->poll(id));
    rows.push_back(found);
  }
  EXPECT_EQ(rows[0], rows[1]);
  EXPECT_GT(rows[0].size(), 10u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(pending[i], pending[i + 3]) << i;
  EXPECT_GT(pending[1].size() + pending[2].size(), 0u);
  const auto ours = made.pool->statistics(both[0].second);
  const auto theirs = twin.statistics(both[1].second);
  EXPECT_EQ(ours.finals_out, theirs.finals_out);
  EXPECT_EQ(ours.latency_sum, theirs.latency_sum);
  EXPECT_EQ(ours.latency_max, theirs.latency_max);
}

// From a pool with a backend to one without, and back.
TEST(PoolBackend, SavedStreamsGoOnInEitherKindOfPool) {
  Made made = pool_on_backend(std::make_shared<Delay>(), few());
  StreamPool twin(std::make_shared<Delay>(), pool_config(), kClasses, kClasses, 1.0, few());
  const Video video = random_video(150, kClasses, 2);
  StreamPool* pools[] = {made.pool.get(), &twin, made.pool.get(), made.pool.get()};
  std::vector<Row> rows;
  StreamId id = made.pool->open();
  for (int n = 0; n < 3; ++n) {
    pools[n]->push(id, part(video, 50 * n, 50));
    while (pools[n]->step(true)) {
    }
    append(rows, pools[n]->poll(id));
    const std::string bytes = pools[n]->save(id);
    pools[n]->drop(id);
    id = pools[n + 1]->restore(bytes);
  }
  EXPECT_EQ(made.pool->statistics(id).finals_out, static_cast<std::int64_t>(rows.size()));
  append(rows, made.pool->close(id));
  EXPECT_EQ(rows, alone(video));
}

TEST(PoolBackend, AFinishedStreamIsSavedAsOne) {
  Made made = pool_on_backend(std::make_shared<Delay>(), few());
  const Video video = random_video(50, kClasses, 6);
  const StreamId id = made.pool->open();
  made.pool->push(id, part(video, 0, 50));
  made.pool->end(id);
  made.pool->wait(id);
  const StreamId again = made.pool->restore(made.pool->save(id));
  EXPECT_EQ(made.pool->status(again), StreamStatus::kFinished);
  EXPECT_EQ(closed(*made.pool, again), alone(video));
}

TEST(PoolBackend, OnsetsNeedActivationsOnTheHost) {
  PoolOptions options = few();
  options.alarm = AlarmConfig{{0.6}, 0.0};
  const Video video = random_video(60, kClasses, 7);
  Made on_host = pool_on_backend(std::make_shared<Delay>(), options);
  StreamPool twin(std::make_shared<Delay>(), pool_config(), kClasses, kClasses, 1.0, options);
  std::vector<std::size_t> onsets;
  for (StreamPool* pool : {on_host.pool.get(), &twin}) {
    const StreamId id = pool->open();
    pool->push(id, part(video, 0, 60));
    pool->end(id);
    pool->wait(id);
    onsets.push_back(pool->poll_onsets(id).size());
  }
  EXPECT_EQ(onsets[0], onsets[1]);
  EXPECT_GT(onsets[0], 0u);
  Made on_device = pool_on_backend(std::make_shared<DeviceDelay>(), options);
  const StreamId id = on_device.pool->open();
  on_device.pool->push(id, part(video, 0, 60));
  expect_error([&] { on_device.pool->close(id); }, ErrorCode::kInvalidState, {"activations"});
}

// A network that answers NaN for one stream.
class BadFor : public Delay {
 public:
  PoolActivations step(const PoolBatch& batch) override {
    PoolActivations output = Delay::step(batch);
    const std::size_t size = output.activations.size() / batch.slots.size();
    for (std::size_t i = 0; i < batch.slots.size(); ++i) {
      if (batch.slots[i] != slot) continue;
      output.activations[(i + 1) * size - 1] = std::numeric_limits<float>::quiet_NaN();
    }
    return output;
  }
  std::int64_t slot = 1;
};

TEST(PoolBackend, ABadValueFailsItsStreamAlone) {
  Made made = pool_on_backend(std::make_shared<BadFor>(), few());
  const Video video = random_video(40, kClasses, 8);
  const StreamId good = made.pool->open();
  const StreamId bad = made.pool->open();
  for (const StreamId id : {good, bad}) made.pool->push(id, part(video, 0, 40));
  EXPECT_EQ(closed(*made.pool, good), alone(video));
  expect_invalid([&] { made.pool->close(bad); }, {"stream 1: slot 1: activations[", ", 2] is nan"});
}

TEST(PoolBackend, ABackendThatFailsFailsTheStreamsOfItsBatch) {
  Made made = pool_on_backend(std::make_shared<Delay>(), few());
  const Video video = random_video(40, kClasses, 8);
  const StreamId first = made.pool->open();
  made.pool->push(first, part(video, 0, 20));
  made.backend->fails = true;
  while (made.pool->step(true)) {
  }
  expect_error([&] { made.pool->close(first); }, ErrorCode::kInvalidState,
               {"stream 0: the device is gone"});
  const StreamId second = made.pool->open();
  made.pool->push(second, part(video, 0, 40));
  EXPECT_EQ(closed(*made.pool, second), alone(video));
}

TEST(PoolBackend, MustFitThePool) {
  const auto make = [](std::int64_t slots, const PostprocessConfig& config) {
    PoolOptions options = few();
    options.backend = std::make_shared<StandinBackend>(slots, config);
    StreamPool(std::make_shared<Delay>(), pool_config(), kClasses, kClasses, 1.0, options);
  };
  expect_invalid([&] { make(3, pool_config()); }, {"backend has 3 slots", "max_streams is 4"});
  PostprocessConfig other = pool_config();
  other.nms_iou = 0.33;
  expect_invalid([&] { make(4, other); }, {"another config"});
  EXPECT_NO_THROW(make(4, pool_config()));
}

// Callers ask and push while the pool's thread works.
TEST(PoolBackend, IsUsedByOneThreadAtATime) {
  PoolOptions options;
  options.max_streams = 4;
  options.max_delay = 0.0;
  Made made = pool_on_backend(std::make_shared<DeviceDelay>(), options);
  std::vector<std::thread> threads;
  for (unsigned s = 0; s < 3; ++s) {
    threads.emplace_back([&, s] {
      const Video video = random_video(60, kClasses, 50 + s);
      const StreamId id = made.pool->open();
      for (std::int64_t at = 0; at < 60; at += 6) {
        made.pool->push(id, part(video, at, 6));
        static_cast<void>(made.pool->pending(id));
        static_cast<void>(made.pool->save(id));
      }
      EXPECT_EQ(closed(*made.pool, id), alone(video));
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace basnet_rt
