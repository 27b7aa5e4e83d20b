#include "engine/bundle/stored_network.h"

#include <set>

#include "engine/bundle/bad_file.h"
#include "engine/bundle/mapped_file.h"

namespace basnet_rt::bundle {
namespace {

using Shape = std::vector<std::int64_t>;
using Kinds = std::vector<DType>;

// Old versions could write a copy of a model that was loaded in another dtype. So a bundle's dtype
// is the one to run in, and each tensor has its own stored dtype.
const Kinds kFloats = {DType::kFloat32, DType::kBFloat16};

std::string shown(const Shape& shape) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : ", ") + std::to_string(size);
  return "(" + text + ")";
}

/// Checks the tensors of one network against each other; the first use of a size defines it.
class Shapes {
 public:
  explicit Shapes(const StoredNetwork& network) : network_(network) {}

  void check() {
    const BundleMetadata& metadata = network_.metadata;
    width_ = metadata.feature_dim;
    if (has("projection_weight")) {
      width_ = size("projection_weight", 2, 1);
      expect("projection_weight", {metadata.feature_dim, width_}, kFloats);
      expect("projection_bias", {width_}, kFloats);
    }
    if (has("filter_weight")) check_filter();
    const std::int64_t first = check_three_tap("first", width_);
    const std::int64_t second = check_three_tap("second", first);
    const std::int64_t outputs =
        metadata.num_classes() + (network_.background_logit.has_value() ? 0 : 1);
    expect("classifier", {second, outputs}, kFloats);
    for (const auto& [name, tensor] : network_.tensors) {
      if (checked_.count(name) == 0) {
        throw BadFile("it holds " + name.substr(0, 100) + ", which this network has not");
      }
    }
  }

 private:
  bool has(const char* name) const { return network_.tensors.count(name) > 0; }
  const StoredTensor& tensor(const std::string& name) const {
    const auto found = network_.tensors.find(name);
    if (found == network_.tensors.end()) throw BadFile("it lacks the weights " + name);
    return found->second;
  }
  std::int64_t size(const std::string& name, std::size_t dimensions, std::size_t which) const {
    const StoredTensor& found = tensor(name);
    if (found.shape.size() != dimensions || found.shape[which] < 1) {
      throw BadFile(name + " has the shape " + shown(found.shape) + "; expected " +
                    std::to_string(dimensions) + " sizes of at least 1");
    }
    return found.shape[which];
  }
  void expect(const std::string& name, const Shape& shape, const Kinds& kinds) {
    checked_.insert(name);
    const StoredTensor& found = tensor(name);
    if (found.shape != shape) {
      throw BadFile(name + " has the shape " + shown(found.shape) + "; expected " + shown(shape));
    }
    for (const DType kind : kinds) {
      if (found.dtype == kind) return;
    }
    throw BadFile(name + " is stored as " + name_of(found.dtype) + "; expected " +
                  name_of(kinds.front()));
  }
  void check_filter() {
    const std::int64_t hidden = size("filter_weight", 2, 1);
    expect("filter_weight", {width_, hidden}, kFloats);
    expect("filter_bias", {hidden}, kFloats);
    expect("filter_out_weight", {hidden, 1}, kFloats);
    expect("filter_out_bias", {1}, kFloats);
  }
  /// @return its number of outputs.
  std::int64_t check_three_tap(const std::string& name, std::int64_t inputs) {
    const std::int64_t outputs = size(name + ".taps", 2, 0);
    if (inputs > INT64_MAX / 3) throw BadFile("feature_dim is too large");
    const bool int8 = network_.metadata.dtype == "int8";
    expect(name + ".taps", {outputs, 3 * inputs}, int8 ? Kinds{DType::kInt8} : kFloats);
    expect(name + ".bias", {outputs}, kFloats);
    if (int8) expect(name + ".scale", {outputs}, Kinds{DType::kFloat32});
    return outputs;
  }

  const StoredNetwork& network_;
  std::int64_t width_ = 0;
  std::set<std::string> checked_;
};

engine::Activation activation_of(const std::string& name) {
  if (name == "softmax") return engine::Activation::kSoftmax;
  if (name == "sigmoid") return engine::Activation::kSigmoid;
  return name == "fused" ? engine::Activation::kFused : engine::Activation::kRaw;
}

engine::NetworkOptions options_of(const StoredNetwork& network) {
  const BundleMetadata& metadata = network.metadata;
  engine::NetworkOptions options;
  options.feature_dim = metadata.feature_dim;
  options.num_classes = metadata.num_classes();
  options.topk_divisor = metadata.topk_divisor;
  options.activation = activation_of(metadata.activation);
  options.score_function =
      metadata.score_function == "sigmoid" ? ScoreFunction::kSigmoid : ScoreFunction::kSoftmax;
  options.has_projection = network.tensors.count("projection_weight") > 0;
  options.has_filter = network.tensors.count("filter_weight") > 0;
  options.constant_background = network.background_logit.has_value();
  options.background_logit = static_cast<float>(network.background_logit.value_or(0.0));
  return options;
}

}  // namespace

std::int64_t size_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return 4;
    case DType::kBFloat16:
      return 2;
    case DType::kInt8:
      break;
  }
  return 1;
}

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "float32";
    case DType::kBFloat16:
      return "bfloat16";
    case DType::kInt8:
      break;
  }
  return "int8";
}

engine::NetworkWeights weights_of(const StoredNetwork& network) {
  const auto view = [&](const std::string& name) -> engine::TensorView {
    const auto found = network.tensors.find(name);
    if (found == network.tensors.end()) return {};
    return {found->second.bytes.data(), found->second.dtype, found->second.shape};
  };
  const auto three_tap = [&](const std::string& name) -> engine::ThreeTapView {
    return {view(name + ".taps"), view(name + ".bias"), view(name + ".scale")};
  };
  engine::NetworkWeights weights;
  weights.options = options_of(network);
  weights.projection_weight = view("projection_weight");
  weights.projection_bias = view("projection_bias");
  weights.filter_weight = view("filter_weight");
  weights.filter_bias = view("filter_bias");
  weights.filter_out_weight = view("filter_out_weight");
  weights.filter_out_bias = view("filter_out_bias");
  weights.first = three_tap("first");
  weights.second = three_tap("second");
  weights.classifier = view("classifier");
  weights.packed = [file = network.file](const void* data, std::size_t size) {
    if (file != nullptr) file->release(data, size);
  };
  return weights;
}

void check_shapes(const StoredNetwork& network) { Shapes(network).check(); }

}  // namespace basnet_rt::bundle
