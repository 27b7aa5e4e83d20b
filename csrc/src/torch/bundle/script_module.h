#pragma once

// The calls of a bundle's TorchScript module (docs/bundle.md), in a separate file because its
// headers take longest to compile.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace basnet_rt {

/// The state of some streams, as the module makes it; first dimension B in each.
using States = std::vector<at::Tensor>;

/// The snippets that became certain in a step or a flush.
struct StepOutput {
  at::Tensor activations;  // B, M, C
  at::Tensor cas;          // B, M, C+1
  States state;
};

/// A loaded module. Members pass on exceptions of libtorch; many threads may call them.
class Script {
 public:
  Script(const std::string& path, const at::Device& device);
  ~Script();

  /// Parameters and buffers by name; setting their data changes the module.
  std::map<std::string, at::Tensor> weights() const;

  /// @param rows  (B, T, F) float32.
  /// @return activations (B, T, C), video scores (B, C), foreground (B, T), cas (B, T, C+1).
  std::vector<at::Tensor> forward(const at::Tensor& rows) const;
  States initial_state(std::int64_t batch) const;
  StepOutput step(const at::Tensor& rows, const States& state) const;
  StepOutput flush(const States& state) const;

 private:
  struct Module;
  std::unique_ptr<Module> module_;
};

}  // namespace basnet_rt
