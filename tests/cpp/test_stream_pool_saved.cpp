// A stream of a pool as bytes: nothing lost, nothing twice, and nothing wrong taken.

#include <limits>

#include "pool_support.h"
#include "saved/archive.h"

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

using Event = std::tuple<std::int64_t, double, std::int64_t, float>;

void append(std::vector<Event>& events, const std::vector<Onset>& found) {
  for (const Onset& one : found)
    events.push_back({one.label, one.time, one.decided, one.activation});
}

AlarmConfig alarm() { return {{0.4}, 2.0}; }

PoolOptions alarmed() {
  PoolOptions options = manual();
  options.alarm = alarm();
  options.max_batch = 4;
  return options;
}

std::unique_ptr<StreamPool> make_pool(const PoolOptions& options = alarmed(),
                                      const PostprocessConfig& config = pool_config()) {
  return std::make_unique<StreamPool>(std::make_shared<Delay>(), config, kClasses, kClasses, 1.0,
                                      options);
}

std::vector<Event> onsets_alone(const Video& video) {
  OnsetDetector detector(alarm(), pool_config(), kClasses, 1.0);
  std::vector<Event> events;
  append(events, detector.push({video.cas.data(), length(video), kClasses, kClasses}));
  return events;
}

struct Found {
  std::vector<Row> rows;
  std::vector<Event> events;
  double latency = 0.0;  // summed, of all finals

  void poll(StreamPool& pool, StreamId id) {
    testing::append(rows, pool.poll(id));
    append(events, pool.poll_onsets(id));
  }
};

bool operator==(const Found& a, const Found& b) { return a.rows == b.rows && a.events == b.events; }

/// Pushes by `chunk`, polls at times, and moves to a pool of its own before every `every`th push.
Found run(const Video& video, std::int64_t chunk, std::int64_t every) {
  std::unique_ptr<StreamPool> pool = make_pool();
  StreamId id = pool->open();
  Found found;
  for (std::int64_t t = 0; t < length(video); t += chunk) {
    if (t / chunk % every == every - 1) {
      const std::string state = pool->save(id);
      pool = make_pool();
      for (int i = 0; i < 3; ++i) pool->open();  // another number, another slot
      id = pool->restore(state);
    }
    EXPECT_TRUE(pool->push(id, part(video, t, std::min(chunk, length(video) - t))));
    if (t % 3 == 0) pool->step(true);
    if (t % 5 == 0) found.poll(*pool, id);
  }
  pool->end(id);
  pool->wait(id);
  found.poll(*pool, id);
  found.latency = pool->statistics(id).latency_sum;
  testing::append(found.rows, pool->close(id));
  return found;
}

TEST(SavedPoolStream, GoesOnInAnotherPoolFromAnyPoint) {
  for (unsigned seed = 0; seed < 6; ++seed) {
    const Video video = random_video(60, kClasses, seed);
    const Found want{alone(video), onsets_alone(video)};
    EXPECT_GT(want.rows.size(), 5u);
    EXPECT_GT(want.events.size(), 1u);
    const double latency = run(video, 1, 1000).latency;  // never moved
    for (const std::int64_t chunk : {1, 2, 7}) {
      for (const std::int64_t every : {1, 3}) {
        const Found found = run(video, chunk, every);
        EXPECT_TRUE(found == want);
        EXPECT_NEAR(found.latency, latency, 1e-6);
      }
    }
  }
}

TEST(SavedPoolStream, KeepsGapsAndTheEndThatAreQueued) {
  const Video video = random_video(40, kClasses, 2);
  std::vector<std::vector<Row>> results;
  for (const bool moves : {false, true}) {
    std::unique_ptr<StreamPool> pool = make_pool();
    StreamId id = pool->open();
    pool->push(id, part(video, 0, 20));
    pool->step(true);
    pool->gap(id, 3);
    pool->push(id, part(video, 20, 20));
    pool->end(id, 45.5);
    if (moves) {
      const std::string state = pool->save(id);
      pool = make_pool();
      id = pool->restore(state);
      EXPECT_EQ(pool->status(id), StreamStatus::kEnding);
      EXPECT_EQ(pool->statistics().snippets_queued, 36);
      EXPECT_EQ(pool->statistics(id).snippets_queued, 36);
    }
    results.emplace_back();
    append(results.back(), pool->close(id));
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_FALSE(results[0].empty());
}

TEST(SavedPoolStream, KeepsWhatNobodyPolledAlsoOfAFinishedStream) {
  const Video video = random_video(40, kClasses, 4);
  const auto pool = make_pool();
  const StreamId id = pool->open();
  pool->push(id, part(video, 0, 40));
  pool->end(id);
  pool->wait(id);
  const std::string state = pool->save(id);
  const auto other = make_pool();
  const StreamId again = other->restore(state);
  EXPECT_EQ(other->status(again), StreamStatus::kFinished);
  EXPECT_EQ(other->ready(), std::vector<StreamId>{again});
  Found found;
  found.poll(*other, again);
  EXPECT_EQ(found.rows, alone(video));
  EXPECT_EQ(found.events, onsets_alone(video));
  EXPECT_EQ(other->statistics(again).onsets_out, static_cast<std::int64_t>(found.events.size()));
  EXPECT_EQ(other->close(again).size(), 0u);
  EXPECT_EQ(other->statistics().streams_open, 0);
}

TEST(SavedPoolStream, SavingTakesNothingAway) {
  const Video video = random_video(40, kClasses, 5);
  const auto pool = make_pool();
  const StreamId id = pool->open();
  EXPECT_EQ(pool->save(id), pool->save(id));  // of a stream that has not begun
  std::vector<Row> rows;
  for (std::int64_t t = 0; t < 40; ++t) {
    pool->push(id, part(video, t, 1));
    if (t % 2 == 0) pool->step(true);
    EXPECT_EQ(pool->save(id), pool->save(id));
  }
  append(rows, pool->close(id));
  EXPECT_EQ(rows, alone(video));
}

std::string some_state() {
  const auto pool = make_pool();
  const StreamId id = pool->open();
  const Video video = random_video(12, kClasses, 6);
  pool->push(id, part(video, 0, 9));
  pool->step(true);
  pool->push(id, part(video, 9, 3));
  return pool->save(id);
}

TEST(SavedPoolStream, CountsSnippetsOn) {
  const auto pool = make_pool();
  const StreamId id = pool->restore(some_state());
  std::vector<float> bad(kClasses, 0.0f);
  bad[1] = std::numeric_limits<float>::quiet_NaN();
  expect_invalid([&] { pool->push(id, {bad.data(), 1, kClasses}); }, {"snippet 12, channel 1"});
  expect_invalid([&] { pool->end(id, 11.0); }, {"duration is 11", "11.5"});
}

TEST(SavedPoolStream, GapsNeverAddUpBeyondTheLongestStream) {
  constexpr std::int64_t kLongest = std::numeric_limits<std::int64_t>::max() / 8;
  const auto pool = make_pool();
  const StreamId id = pool->open();
  pool->gap(id, kLongest - 5);
  const StreamId again = make_pool()->restore(pool->save(id));
  EXPECT_EQ(again, 0);
  expect_invalid([&] { pool->gap(id, 6); }, {"snippets is 6", "a stream of at most"});
  expect_invalid([&] { pool->gap(id, 0); }, {"at least one snippet"});
  pool->gap(id, 5);
}

TEST(SavedPoolStream, EveryDamagedByteAndEveryTruncationIsFound) {
  const std::string state = some_state();
  const auto pool = make_pool();
  for (std::size_t i = 0; i < state.size(); ++i) {
    std::string damaged = state;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    expect_error([&] { pool->restore(damaged); }, ErrorCode::kInvalidState, {"saved state"});
    expect_error([&] { pool->restore(std::string_view(state).substr(0, i)); },
                 ErrorCode::kInvalidState, {"saved state"});
  }
  EXPECT_EQ(pool->statistics().streams_open, 0);
  EXPECT_EQ(pool->restore(state), 0);
}

TEST(SavedPoolStream, AnEndBeforeTheLastSnippetIsRefused) {
  constexpr std::size_t kHeader = 24;
  const Video video = random_video(5, kClasses, 1);
  const auto pool = make_pool();
  const StreamId id = pool->open();
  pool->push(id, part(video, 0, 5));
  pool->end(id, 6.015625);
  const std::string state = pool->save(id);
  EXPECT_EQ(make_pool()->restore(state), 0);
  const auto with_end = [&](double seconds) {
    const double told = 6.015625;
    std::string payload = state.substr(kHeader);
    const std::string bytes(reinterpret_cast<const char*>(&told), sizeof told);
    const std::size_t at = payload.find(bytes);
    EXPECT_NE(at, std::string::npos);
    payload.replace(at, bytes.size(), reinterpret_cast<const char*>(&seconds), sizeof seconds);
    return archive::seal("BRTP", 1, std::move(payload));
  };
  EXPECT_EQ(make_pool()->restore(with_end(4.5)), 0);
  expect_error([&] { make_pool()->restore(with_end(4.0)); }, ErrorCode::kInvalidState,
               {"contradicts itself"});
}

TEST(SavedPoolStream, OtherSettingsAreRefused) {
  const std::string state = some_state();
  PoolOptions options = alarmed();
  options.alarm->hold = 2.5;
  expect_invalid([&] { make_pool(options)->restore(state); }, {"another alarm"});
  options.alarm.reset();
  expect_invalid([&] { make_pool(options)->restore(state); }, {"another alarm"});
  PostprocessConfig config = pool_config();
  config.nms_iou = 0.61;
  expect_invalid([&] { make_pool(alarmed(), config)->restore(state); }, {"other settings"});
  StreamPool wider(std::make_shared<Delay>(), pool_config(), kClasses, kClasses + 1, 1.0,
                   alarmed());
  expect_invalid([&] { wider.restore(state); }, {"3 channels", "4"});
}

TEST(SavedPoolStream, AFullOrShutPoolAndAFailedStreamSayWhy) {
  const std::string state = some_state();
  PoolOptions options = alarmed();
  options.max_streams = 1;
  const auto pool = make_pool(options);
  const StreamId id = pool->restore(state);
  expect_error([&] { pool->restore(state); }, ErrorCode::kInvalidState, {"max_streams = 1"});
  pool->shutdown(Shutdown::kDiscard);
  expect_error([&] { pool->save(id); }, ErrorCode::kInvalidState, {"shut down"});
  expect_error([&] { pool->restore(state); }, ErrorCode::kInvalidState, {"after shutdown"});
}

/// Takes no foreign state, and says so; or keeps none at all.
class Forgetful : public Delay {
 public:
  void load(std::int64_t, std::string_view) override { throw std::runtime_error("not my state"); }
  std::string save(std::int64_t slot) override { return PoolNetwork::save(slot); }
};

TEST(SavedPoolStream, ANetworkMayRefuseAndTheSlotIsFreeAgain) {
  PoolOptions options = alarmed();
  options.max_streams = 1;
  StreamPool pool(std::make_shared<Forgetful>(), pool_config(), kClasses, kClasses, 1.0, options);
  const std::string state = some_state();
  for (int i = 0; i < 3; ++i) EXPECT_THROW(pool.restore(state), std::runtime_error);
  const StreamId id = pool.open();
  const Video video = random_video(5, kClasses, 1);
  EXPECT_NO_THROW(pool.save(id));  // the network saw nothing yet
  pool.push(id, part(video, 0, 5));
  pool.step(true);
  expect_error([&] { pool.save(id); }, ErrorCode::kInvalidState, {"cannot save"});
  EXPECT_NO_THROW(pool.close(id));
}

}  // namespace
}  // namespace basnet_rt
