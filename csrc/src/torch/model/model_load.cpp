#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <filesystem>
#include <utility>

#include "basnet_rt/error.h"
#include "torch/model/model_impl.h"
#include "torch/stream/network_state.h"

namespace basnet_rt {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kBundle, why); }

[[noreturn]] void fail(const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); }

at::Device device_of(const std::string& text) {
  try {
    const at::Device device(text);
    at::empty({0}, at::TensorOptions().device(device));
    return device;
  } catch (const std::exception& error) {
    fail("device is \"" + text + "\"; it cannot be used: " + reason(error));
  }
}

std::unique_ptr<const Script> load_script(const std::string& path, const at::Device& device) {
  try {
    return std::make_unique<const Script>(path, device);
  } catch (const std::exception& error) {
    refuse(path + ": not a TorchScript file: " + reason(error));
  }
}

void convert(const Script& script, const std::string& dtype) {
  const at::NoGradGuard no_grad;
  const at::ScalarType wanted = dtype == "bfloat16" ? at::kBFloat16 : at::kFloat;
  for (auto& [name, values] : script.weights()) {
    if (values.is_floating_point()) values.set_data(values.to(wanted));
  }
}

}  // namespace

Model Model::load(const std::string& path, const ModelOptions& options) {
  BundleMetadata metadata = read_metadata(path);
  check_bundle_undamaged(path);  // libtorch does not notice damaged bytes
  if (!options.trust_code) check_bundle_code(path);
  const std::string dtype = options.dtype.value_or(metadata.dtype);
  if (dtype != "float32" && dtype != "bfloat16") {
    fail("dtype is \"" + dtype + "\"; it must be one of float32, bfloat16");
  }
  const at::Device device = device_of(options.device);
  std::unique_ptr<const Script> script = load_script(path, device);
  if (dtype != metadata.dtype) convert(*script, dtype);
  const std::int64_t weights = weights_digest(*script);
  const std::int64_t weights_0_1 = weights_digest(*script, true);
  const std::string name = std::filesystem::path(path).filename().string();
  return Model(std::make_shared<const Impl>(Impl{std::move(metadata), name, dtype, device.str(),
                                                 device, std::move(script), weights, weights_0_1}));
}

}  // namespace basnet_rt
