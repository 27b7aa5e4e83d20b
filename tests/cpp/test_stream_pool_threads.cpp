// A pool from many threads at once; its real judge is ThreadSanitizer.

#include <chrono>
#include <thread>

#include "pool_support.h"

namespace basnet_rt {
namespace {

using testing::alone;
using testing::append;
using testing::Delay;
using testing::kClasses;
using testing::part;
using testing::pool_config;
using testing::random_video;
using testing::Row;
using testing::Video;

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

// One thread pushes and polls; another saves all the while; both share the pool with a third
// stream. Every state that was saved goes on to the same finals.
TEST(StreamPool, ManyThreadsSaveWhileOthersPush) {
  PoolOptions options;
  options.max_batch = 4;
  options.max_delay = 0.0005;
  options.alarm = AlarmConfig{{0.4}, 1.0};
  const auto make = [&] {
    auto network = std::make_shared<Delay>();
    network->pause = 200;
    return std::make_unique<StreamPool>(network, pool_config(), kClasses, kClasses, 1.0, options);
  };
  const auto pool = make();
  const Video video = random_video(120, kClasses, 11);
  const StreamId id = pool->open();
  std::atomic<bool> done{false};
  std::vector<std::string> states;
  std::thread saver([&] {
    while (!done) states.push_back(pool->save(id));
  });
  std::thread other([&, own = pool->open()] {
    while (!done) pool->push(own, part(video, 0, 1));
  });
  for (std::int64_t t = 0; t < 120; ++t) {
    pool->push(id, part(video, t, 1));  // nobody polls
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  pool->end(id);
  pool->wait(id);
  done = true;
  saver.join();
  other.join();
  EXPECT_GT(states.size(), 10u);
  states.push_back(pool->save(id));
  const auto fresh = make();
  for (std::size_t i = 0; i < states.size(); i += states.size() / 10 + 1) {
    const StreamId again = fresh->restore(states[i]);
    const std::int64_t taken = fresh->statistics(again).snippets_in;
    if (fresh->status(again) == StreamStatus::kOpen && taken < 120) {
      fresh->push(again, part(video, taken, 120 - taken));
    }
    std::vector<Row> rows;
    append(rows, fresh->close(again));
    EXPECT_EQ(rows, alone(video));
  }
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

// Once such a wait, which runs the batches, never came back.
TEST(StreamPool, AWaitWithoutAThreadEndsWhenItsStreamIsDropped) {
  PoolOptions options;
  options.threaded = false;
  options.max_batch = 1;
  const auto network = std::make_shared<Delay>();
  network->pause = 200;
  StreamPool pool(network, pool_config(), kClasses, kClasses, 1.0, options);
  const Video video = random_video(2000, kClasses, 1);
  const StreamId id = pool.open();
  pool.push(id, part(video, 0, 2000));
  pool.end(id);
  std::thread waits([&] { EXPECT_TRUE(pool.wait(id)); });
  while (pool.statistics().batches < 5) std::this_thread::yield();
  pool.drop(id);
  waits.join();
  EXPECT_LT(pool.statistics().snippets, 2000);
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
