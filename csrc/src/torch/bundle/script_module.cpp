#include "torch/bundle/script_module.h"

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <utility>

namespace basnet_rt {

struct Script::Module {
  torch::jit::Module module;

  c10::IValue call(const char* method, std::vector<c10::IValue> arguments) const {
    return module.get_method(method)(std::move(arguments));
  }
};

namespace {

StepOutput step_output(const c10::IValue& value) {
  const auto output = value.toTuple();
  const auto& parts = output->elements();
  return {parts.at(0).toTensor(), parts.at(2).toTensor(), parts.at(3).toTensorVector()};
}

}  // namespace

Script::Script(const std::string& path, const at::Device& device)
    : module_(std::make_unique<Module>(Module{torch::jit::load(path, device)})) {
  module_->module.eval();
}

Script::~Script() = default;

std::map<std::string, at::Tensor> Script::weights() const {
  std::map<std::string, at::Tensor> weights;
  for (const auto& one : module_->module.named_parameters()) weights[one.name] = one.value;
  for (const auto& one : module_->module.named_buffers()) weights[one.name] = one.value;
  return weights;
}

std::vector<at::Tensor> Script::forward(const at::Tensor& rows) const {
  const auto output = module_->call("forward", {rows}).toTuple();
  std::vector<at::Tensor> tensors;
  for (std::size_t i = 0; i < 4; ++i) tensors.push_back(output->elements().at(i).toTensor());
  return tensors;
}

States Script::initial_state(std::int64_t batch) const {
  return module_->call("initial_state", {batch}).toTensorVector();
}

StepOutput Script::step(const at::Tensor& rows, const States& state) const {
  return step_output(module_->call("step", {rows, state}));
}

StepOutput Script::flush(const States& state) const {
  return step_output(module_->call("flush", {state}));
}

}  // namespace basnet_rt
