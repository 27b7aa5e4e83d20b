// A network of simple arithmetic for the tests of the service: without libtorch, sanitizers cover
// the whole process, and its outputs are known exactly.

#include <cmath>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "model_source.h"

namespace service {
namespace {

using basnet_rt::PoolActivations;
using basnet_rt::PoolBatch;

constexpr std::int64_t kFeatureDim = 8;
constexpr std::int64_t kClasses = 3;
constexpr float kPoison = 1000.0f;  // a first channel of this value fails the stream

/// Activations are the mean of the first channels of a snippet and of the one after it: one snippet
/// of look-ahead, so there is a state, and a last snippet comes with `flush`.
class FakeNetwork : public basnet_rt::PoolNetwork {
 public:
  PoolActivations step(const PoolBatch& batch) override {
    check(batch);
    PoolActivations out;
    out.num_rows = batch.num_rows;
    const std::int64_t stride = batch.num_rows * kFeatureDim;
    for (std::size_t i = 0; i < batch.slots.size(); ++i) {
      std::string& last = last_[batch.slots[i]];
      if (batch.fresh[i] != 0) last.clear();
      const float* rows = batch.features.data() + static_cast<std::int64_t>(i) * stride;
      out.counts.push_back(last.empty() ? batch.num_rows - 1 : batch.num_rows);
      for (std::int64_t t = 0; t < batch.num_rows; ++t) {
        append_mean(last, rows + t * kFeatureDim, out.activations);
        last.assign(reinterpret_cast<const char*>(rows + t * kFeatureDim), kRowBytes);
      }
    }
    return out;
  }

  PoolActivations flush(const PoolBatch& batch) override {
    PoolActivations out;
    out.num_rows = 1;
    for (const std::int64_t slot : batch.slots) {
      out.counts.push_back(1);
      const std::string& last = last_.at(slot);
      append_mean(last, reinterpret_cast<const float*>(last.data()), out.activations);
    }
    return out;
  }

  std::string save(std::int64_t slot) override { return last_.at(slot); }

  void load(std::int64_t slot, std::string_view bytes) override {
    if (bytes.size() != kRowBytes) throw std::runtime_error("state is of another network");
    last_[slot] = bytes;
  }

 private:
  static constexpr std::size_t kRowBytes = kClasses * sizeof(float);

  // A first snippet has no mean yet; its place in the output is not looked at.
  static void append_mean(const std::string& last, const float* row, std::vector<float>& out) {
    float before[kClasses] = {};
    if (!last.empty()) std::memcpy(before, last.data(), kRowBytes);
    for (std::int64_t c = 0; c < kClasses; ++c) out.push_back(before[c] * 0.5f + row[c] * 0.5f);
  }

  static void check(const PoolBatch& batch) {
    for (std::size_t i = 0; i < batch.features.size(); i += kFeatureDim) {
      if (batch.features[i] == kPoison) throw std::runtime_error("the network failed on purpose");
    }
  }

  std::map<std::int64_t, std::string> last_;  // kClasses floats of the last snippet
};

}  // namespace

ModelSource load_model(const Options&) {
  ModelSource source;
  source.name = "fake";
  source.classes = {"Jump", "Run", "Swim"};
  source.feature_dim = kFeatureDim;
  source.snippet_seconds = 0.64;
  source.config.normalisation = basnet_rt::Normalisation::kFixed;
  source.config.gate = basnet_rt::Gate::kNone;
  source.config.cas_thresholds = {0.2, 0.4, 0.6};
  source.config.max_duration = 20.0;
  source.config.merge_gap = 0.7;
  source.network = std::make_shared<FakeNetwork>();
  return source;
}

}  // namespace service
