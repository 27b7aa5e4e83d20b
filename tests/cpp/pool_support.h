#pragma once

// What the pool's tests share: a network with state that needs no arithmetic, and what a stream
// alone would say.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include "basnet_rt/stream_pool.h"
#include "support.h"

namespace basnet_rt::testing {

constexpr std::int64_t kClasses = 3;  // and so many features: the network passes them on

inline PostprocessConfig pool_config() {
  PostprocessConfig config = plain_config({0.1, 0.3, 0.5});
  config.max_duration = 15.0;
  return config;
}

/// Activations are the features, one snippet late: a state per slot, and a last one to flush.
class Delay : public PoolNetwork {
 public:
  PoolActivations step(const PoolBatch& batch) override {
    const Alone alone(*this);
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
    const Alone alone(*this);
    check(batch);
    PoolActivations out;
    out.num_rows = 1;
    for (const std::int64_t slot : batch.slots) {
      out.counts.push_back(1);
      out.activations.insert(out.activations.end(), last_[slot].begin(), last_[slot].end());
    }
    return out;
  }

  std::string save(std::int64_t slot) override {
    const Alone alone(*this);
    const std::vector<float>& last = last_[slot];
    return {reinterpret_cast<const char*>(last.data()), last.size() * sizeof(float)};
  }

  void load(std::int64_t slot, std::string_view bytes) override {
    const Alone alone(*this);
    if (bytes.size() != kClasses * sizeof(float)) throw std::runtime_error("not my state");
    last_[slot].resize(kClasses);
    std::memcpy(last_[slot].data(), bytes.data(), bytes.size());
  }

  std::atomic<std::int64_t> failing{-1};  // slot
  std::atomic<std::int64_t> widest{0};
  std::atomic<int> pause{0};  // microseconds that every call takes: time for another to come

 private:
  /// One thread at a time, for the whole of a call.
  struct Alone {
    explicit Alone(Delay& network) : busy_(network.busy_) {
      EXPECT_FALSE(busy_.exchange(true)) << "two threads in the network at once";
      const int pause = network.pause;
      if (pause > 0) std::this_thread::sleep_for(std::chrono::microseconds(pause));
    }
    ~Alone() { busy_ = false; }
    std::atomic<bool>& busy_;
  };

  static std::int64_t size_of(const PoolBatch& batch) { return batch.num_rows * kClasses; }

  void check(const PoolBatch& batch) {
    const std::set<std::int64_t> slots(batch.slots.begin(), batch.slots.end());
    EXPECT_EQ(slots.size(), batch.slots.size());
    widest = std::max<std::int64_t>(widest, static_cast<std::int64_t>(slots.size()));
    if (slots.count(failing) > 0) throw std::runtime_error("no luck");
  }

  std::map<std::int64_t, std::vector<float>> last_;
  std::atomic<bool> busy_{false};
};

using Row = std::tuple<std::int64_t, double, double, float, std::int64_t>;

inline void append(std::vector<Row>& rows, const StreamDetections& found) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Segment& segment = found.segments[i];
    rows.push_back(
        {found.labels[i], segment.start, segment.end, found.scores[i], found.decided[i]});
  }
}

inline FeatureView part(const Video& video, std::int64_t first, std::int64_t count) {
  return {video.cas.data() + first * kClasses, count, kClasses};
}

inline std::int64_t length(const Video& video) {
  return static_cast<std::int64_t>(video.cas.size()) / kClasses;
}

inline std::vector<Row> alone(const Video& video) {
  StreamPostprocessor stream(pool_config(), kClasses, 1.0);
  std::vector<Row> rows;
  append(rows, stream.push({video.cas.data(), length(video), kClasses, kClasses}));
  append(rows, stream.finish());
  return rows;
}

inline PoolOptions manual() {
  PoolOptions options;
  options.threaded = false;
  return options;
}

}  // namespace basnet_rt::testing
