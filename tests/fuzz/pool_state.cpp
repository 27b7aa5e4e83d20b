// Saved streams of a pool, damaged: refused, or a stream that can be used. Also with a checksum
// that fits, so that what stands behind the checksum is reached: counters, queues, results,
// settings.

#include <cmath>
#include <memory>
#include <stdexcept>

#include "basnet_rt/error.h"
#include "basnet_rt/stream_pool.h"
#include "fuzz.h"
#include "saved/archive.h"

namespace basnet_rt::fuzz {
namespace {

constexpr std::size_t kHeader = 24;
constexpr std::int64_t kChannels = 2;  // classes, too: the network passes them on

/// Activations are the features; a slot's state is a byte.
class PassOn : public PoolNetwork {
 public:
  PoolActivations step(const PoolBatch& batch) override {
    PoolActivations out;
    out.num_rows = batch.num_rows;
    out.counts.assign(batch.slots.size(), batch.num_rows);
    out.activations = batch.features;
    return out;
  }
  PoolActivations flush(const PoolBatch& batch) override {
    PoolActivations out;
    out.counts.assign(batch.slots.size(), 0);
    return out;
  }
  std::string save(std::int64_t) override { return "n"; }
  void load(std::int64_t, std::string_view bytes) override {
    if (bytes != "n") throw Error(ErrorCode::kInvalidState, "not my state");
  }
};

std::unique_ptr<StreamPool> make_pool() {
  PostprocessConfig config;
  config.cas_thresholds = {0.1, 0.3};
  config.normalisation = Normalisation::kFixed;
  config.gate = Gate::kNone;
  config.max_duration = 6.0;
  PoolOptions options;
  options.threaded = false;
  options.alarm = AlarmConfig{{0.4}, 1.0};
  return std::make_unique<StreamPool>(std::make_shared<PassOn>(), config, kChannels, kChannels, 0.5,
                                      options);
}

FeatureView rows_of(const std::vector<float>& values) {
  return {values.data(), static_cast<std::int64_t>(values.size()) / kChannels, kChannels};
}

void check(const PoolStreamStatistics& one) {
  const bool counts = one.snippets_in >= 0 && one.snippets_queued >= 0 && one.finals_out >= 0 &&
                      one.onsets_out >= 0 && one.features_zeroed >= 0;
  const bool seconds = std::isfinite(one.compute_seconds) && std::isfinite(one.wait_max) &&
                       std::isfinite(one.latency_sum) && std::isfinite(one.latency_max);
  if (!counts || !seconds) throw std::runtime_error("a counter is out of range");
}

void check(const StreamDetections& finals) {
  for (std::size_t i = 0; i < finals.size(); ++i) {
    const Segment segment = finals.segments[i];
    if (finals.labels[i] < 0 || finals.labels[i] >= kChannels || !(segment.start <= segment.end)) {
      throw std::runtime_error("a detection is impossible");
    }
  }
}

void use(StreamPool& pool, StreamId id) {
  check(pool.statistics(id));
  check(pool.poll(id));
  static_cast<void>(pool.poll_onsets(id));
  try {
    static_cast<void>(pool.save(id));
    if (pool.status(id) == StreamStatus::kOpen) {
      pool.push(id, rows_of(std::vector<float>(3 * kChannels, 0.5f)));
      pool.gap(id, 2);
      pool.end(id);
    }
    pool.wait(id);
    check(pool.poll(id));
  } catch (const Error&) {  // such as a stream at its greatest length
  }
  check(pool.statistics(id));
  static_cast<void>(pool.close(id));
}

void try_to_restore(std::string_view bytes) {
  const std::unique_ptr<StreamPool> pool = make_pool();
  StreamId id = 0;
  try {
    id = pool->restore(bytes);
  } catch (const Error&) {
    return;
  }
  use(*pool, id);
}

}  // namespace

std::vector<std::string> seeds() {
  std::mt19937_64 random(7);
  std::vector<std::string> states;
  for (int i = 0; i < 16; ++i) {
    std::string bytes(200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    Choices choices(bytes);
    const std::unique_ptr<StreamPool> pool = make_pool();
    const StreamId id = pool->open();
    for (std::size_t step = choices.below(8); step > 0; --step) {
      pool->push(id, rows_of(activations(choices, 1 + choices.below(5), kChannels)));
      if (choices.yes()) pool->step(true);
      if (choices.below(4) == 0) pool->gap(id, 1 + static_cast<std::int64_t>(choices.below(9)));
    }
    if (choices.below(3) == 0) pool->end(id);
    if (choices.below(3) == 0) pool->step(true);
    states.push_back(pool->save(id));
  }
  return states;
}

void run(std::string_view bytes) {
  try_to_restore(bytes);
  if (bytes.size() < kHeader) return;
  try_to_restore(archive::seal("BRTP", 1, bytes.substr(kHeader)));
}

}  // namespace basnet_rt::fuzz
