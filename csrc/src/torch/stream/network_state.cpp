#include "torch/stream/network_state.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>

#include <array>
#include <string>

#include "basnet_rt/error.h"

namespace basnet_rt {
namespace {

// The arrays after the count of snippets; see `initial_state` in docs/bundle.md.
constexpr std::array<const char*, 3> kNames = {"foreground", "rows", "hidden"};

void check_layout(const Model::Impl& model, const States& state) {
  bool fits = state.size() == kNames.size() + 1 && state[0].scalar_type() == at::kLong;
  for (std::size_t i = 1; fits && i < state.size(); ++i) fits = state[i].is_floating_point();
  if (!fits) {
    throw Error(ErrorCode::kBundle, model.name +
                                        ": the module's state is not [seen, foreground, rows, "
                                        "hidden]; only such a state can be saved");
  }
}

}  // namespace

NetworkState to_network_state(const Model::Impl& model, const States& state) {
  check_layout(model, state);
  NetworkState context;
  context.weights = model.weights;
  context.weights_0_1 = model.weights_0_1;
  context.seen = seen_by(state);
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const at::Tensor& tensor = state[i + 1];
    context.arrays.push_back(
        {kNames[i], tensor.sizes().slice(1).vec(), to_vector(tensor.to(at::kFloat))});
  }
  return context;
}

States load_tensors(const Model::Impl& model, std::string_view bytes, const States& like) {
  const NetworkState context = load_network_state(bytes, to_network_state(model, like));
  States state = {at::full(like[0].sizes(), context.seen, like[0].options())};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const at::Tensor& wanted = like[i + 1];
    const auto* values = context.arrays[i].values.data();
    const at::Tensor view = at::from_blob(const_cast<float*>(values), wanted.sizes(), at::kFloat);
    state.push_back(view.to(wanted.options(), /*non_blocking=*/false, /*copy=*/true));
  }
  return state;
}

std::int64_t seen_by(const States& state) {
  return state[0].to(at::kCPU).const_data_ptr<std::int64_t>()[0];
}

std::int64_t weights_digest(const Script& script, bool of_version_0_1) {
  const at::NoGradGuard no_grad;
  WeightsDigest digest(of_version_0_1);
  for (const auto& [name, value] : script.weights()) {
    const at::Tensor exact = value.to(at::kCPU, at::kFloat).contiguous();
    digest.add(name, exact.const_data_ptr<float>(), exact.numel());
  }
  return digest.value();
}

}  // namespace basnet_rt
