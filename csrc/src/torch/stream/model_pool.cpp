#include "basnet_rt/model_pool.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "basnet_rt/error.h"
#include "torch/model/model_impl.h"
#include "torch/stream/network_state.h"

namespace basnet_rt {
namespace {

/// A bundle's network with the states of all slots stacked; a batch gathers and scatters them.
class ModelNetwork : public PoolNetwork {
 public:
  ModelNetwork(Model model, bool with_cas)
      : model_(std::move(model)),
        with_cas_(with_cas),
        blank_(model_.impl().initial_state(1)),
        seen_(1, 0) {
    for (const at::Tensor& one : blank_) states_.push_back(one.clone());
  }

  PoolActivations step(const PoolBatch& batch) override {
    const at::NoGradGuard no_grad;
    make_room(*std::max_element(batch.slots.begin(), batch.slots.end()) + 1);
    const at::Tensor index = index_of(batch);
    const StepOutput output = model_.impl().step(rows_of(batch), gather(index, batch.fresh));
    for (std::size_t i = 0; i < states_.size(); ++i)
      states_[i].index_copy_(0, index, output.state[i]);
    std::vector<std::int64_t> counts;
    for (std::size_t i = 0; i < batch.slots.size(); ++i) {
      std::int64_t& seen = seen_[static_cast<std::size_t>(batch.slots[i])];
      if (batch.fresh[i]) seen = 0;
      seen += batch.num_rows;
      counts.push_back(std::clamp<std::int64_t>(seen - kReach, 0, batch.num_rows));
    }
    return answer(output, std::move(counts));
  }

  PoolActivations flush(const PoolBatch& batch) override {
    const at::NoGradGuard no_grad;
    const StepOutput output = model_.impl().flush(gather(index_of(batch), {}));
    std::vector<std::int64_t> counts;
    for (const std::int64_t slot : batch.slots) {
      counts.push_back(std::min(seen_[static_cast<std::size_t>(slot)], kReach));
    }
    return answer(output, std::move(counts));
  }

  std::string save(std::int64_t slot) override {
    const at::NoGradGuard no_grad;
    States state;
    for (const at::Tensor& one : states_) state.push_back(one.slice(0, slot, slot + 1));
    return save_network_state(to_network_state(model_.impl(), state));
  }

  void load(std::int64_t slot, std::string_view bytes) override {
    const at::NoGradGuard no_grad;
    const States loaded = load_tensors(model_.impl(), bytes, blank_);
    make_room(slot + 1);
    seen_[static_cast<std::size_t>(slot)] = seen_by(loaded);
    for (std::size_t i = 0; i < states_.size(); ++i) {
      states_[i].slice(0, slot, slot + 1).copy_(loaded[i]);
    }
  }

 private:
  at::Tensor index_of(const PoolBatch& batch) const {
    return at::tensor(batch.slots, at::kLong).to(model_.impl().device);
  }

  at::Tensor rows_of(const PoolBatch& batch) const {
    // The module does not change its input.
    return at::from_blob(
               const_cast<float*>(batch.features.data()),
               {static_cast<std::int64_t>(batch.slots.size()), batch.num_rows, batch.feature_dim},
               at::kFloat)
        .to(model_.impl().device);
  }

  /// The states of the slots; a new stream has the initial state.
  States gather(const at::Tensor& index, const std::vector<std::uint8_t>& fresh) const {
    States state;
    for (const at::Tensor& one : states_) state.push_back(one.index_select(0, index));
    for (std::size_t row = 0; row < fresh.size(); ++row) {
      if (!fresh[row]) continue;
      for (std::size_t i = 0; i < state.size(); ++i) {
        state[i][static_cast<std::int64_t>(row)].copy_(blank_[i][0]);
      }
    }
    return state;
  }

  /// Doubles the number of slots, so that opening streams one by one stays cheap.
  void make_room(std::int64_t slots) {
    while (static_cast<std::int64_t>(seen_.size()) < slots) {
      seen_.resize(2 * seen_.size(), 0);
      for (at::Tensor& one : states_) one = at::cat({one, at::zeros_like(one)});
    }
  }

  PoolActivations answer(const StepOutput& output, std::vector<std::int64_t> counts) const {
    return {output.activations.size(1), std::move(counts), to_vector(output.activations),
            with_cas_ ? to_vector(output.cas) : std::vector<float>()};
  }

  Model model_;
  bool with_cas_;
  States blank_;
  States states_;                   // (slots, ...) each
  std::vector<std::int64_t> seen_;  // snippets since each slot was fresh
};

}  // namespace

std::shared_ptr<PoolNetwork> pool_network(const Model& model, bool with_cas) {
  return std::make_shared<ModelNetwork>(model, with_cas);
}

std::unique_ptr<StreamPool> make_pool(const Model& model,
                                      const std::optional<PostprocessConfig>& config,
                                      const PoolOptions& options) {
  const BundleMetadata& metadata = model.metadata();
  const PostprocessConfig& used = config ? *config : metadata.postprocess;
  return std::make_unique<StreamPool>(pool_network(model, used.gate != Gate::kNone), used,
                                      metadata.num_classes(), metadata.feature_dim,
                                      metadata.snippet_seconds(), options);
}

}  // namespace basnet_rt
