#include "torch/stream/network_stream.h"

#include <ATen/core/grad_mode.h>

#include <utility>

#include "torch/model/model_impl.h"
#include "torch/stream/network_state.h"

namespace basnet_rt {
namespace {

/// Runs a bundle's `step`, which returns a new state and does not change the old one.
class ModelStreamNetwork : public StreamNetwork {
 public:
  ModelStreamNetwork(Model model, bool with_cas)
      : model_(std::move(model)), with_cas_(with_cas), state_(blank()) {}

  StreamActivations push(const FeatureView& features) override {
    const at::NoGradGuard no_grad;
    const Model::Impl& impl = model_.impl();
    return take(impl.step(impl.rows(features).unsqueeze(0), state_));
  }

  StreamActivations flush() override {
    const at::NoGradGuard no_grad;
    return take(model_.impl().flush(state_));
  }

  void undo() override { state_ = before_; }
  void reset() override { state_ = blank(); }

  std::string save() const override {
    return save_network_state(to_network_state(model_.impl(), state_));
  }

  void load(std::string_view bytes) override {
    state_ = load_tensors(model_.impl(), bytes, blank());
  }

 private:
  States blank() const { return model_.impl().initial_state(1); }

  StreamActivations take(StepOutput&& output) {
    StreamActivations certain{output.activations.size(1), to_vector(output.activations),
                              with_cas_ ? to_vector(output.cas) : std::vector<float>()};
    before_ = std::exchange(state_, std::move(output.state));
    return certain;
  }

  Model model_;
  bool with_cas_;
  States state_, before_;
};

}  // namespace

std::shared_ptr<StreamNetwork> stream_network(const Model& model, bool with_cas) {
  return std::make_shared<ModelStreamNetwork>(model, with_cas);
}

}  // namespace basnet_rt
