#include "torch/stream/network_stream.h"

#include <cmath>
#include <utility>

#include "basnet_rt/error.h"
#include "torch/model/model_impl.h"
#include "torch/stream/network_state.h"

namespace basnet_rt {
namespace {

const std::vector<std::string> kCounts = {"num_snippets", "num_zeroed", "first_snippet"};

StreamActivations to_activations(const Model& model, const StepOutput& output) {
  return {output.activations.size(1), model.metadata().num_classes(), to_vector(output.activations),
          to_vector(output.cas)};
}

}  // namespace

struct NetworkStream::State {
  States tensors;
};

NetworkStream::NetworkStream(Model model, bool zero_bad_features)
    : model_(std::move(model)), zero_bad_(zero_bad_features) {
  forget();
}

void NetworkStream::forget() {
  num_snippets_ = 0;
  first_snippet_ = 0;
  state_ = std::make_shared<const State>(State{model_.impl().initial_state(1)});
}

void NetworkStream::reset() {
  forget();
  num_zeroed_ = 0;
}

StreamActivations NetworkStream::push(const FeatureView& features) {
  check_features(features, model_.metadata());
  if (features.num_snippets == 0) return {0, model_.metadata().num_classes(), {}, {}};
  std::int64_t zeroed = 0;
  const std::vector<float> rows = finite_rows(features, zeroed);
  const FeatureView view{rows.data(), features.num_snippets, features.feature_dim};
  const Model::Impl& impl = model_.impl();
  StepOutput output = impl.step(impl.rows(view).unsqueeze(0), state_->tensors);
  StreamActivations certain = to_activations(model_, output);
  state_ = std::make_shared<const State>(State{std::move(output.state)});
  num_snippets_ += features.num_snippets;
  num_zeroed_ += zeroed;
  return certain;
}

StreamActivations NetworkStream::flush() {
  if (num_snippets_ == 0) return {0, model_.metadata().num_classes(), {}, {}};
  StreamActivations certain = to_activations(model_, model_.impl().flush(state_->tensors));
  forget();
  return certain;
}

std::string NetworkStream::save() const {
  return pack_state(
      model_.impl(), state_->tensors,
      {{kCounts[0], num_snippets_}, {kCounts[1], num_zeroed_}, {kCounts[2], first_snippet_}});
}

void NetworkStream::load(std::string_view bytes) {
  const Model::Impl& impl = model_.impl();
  UnpackedState loaded = unpack_state(impl, bytes, impl.initial_state(1), kCounts);
  state_ = std::make_shared<const State>(State{std::move(loaded.state)});
  num_snippets_ = loaded.counts[0];
  num_zeroed_ = loaded.counts[1];
  first_snippet_ = loaded.counts[2];
}

std::vector<float> NetworkStream::finite_rows(const FeatureView& features,
                                              std::int64_t& zeroed) const {
  std::vector<float> rows(features.data,
                          features.data + features.num_snippets * features.feature_dim);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (std::isfinite(rows[i])) continue;
    if (!zero_bad_) {
      const auto at = static_cast<std::int64_t>(i);
      throw Error(ErrorCode::kInvalidArgument,
                  "features: snippet " +
                      std::to_string(first_snippet_ + num_snippets_ + at / features.feature_dim) +
                      ", channel " + std::to_string(at % features.feature_dim) + " is " +
                      std::to_string(rows[i]) + "; features must be finite");
    }
    rows[i] = 0.0f;
    ++zeroed;
  }
  return rows;
}

}  // namespace basnet_rt
