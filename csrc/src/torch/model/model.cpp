#include "basnet_rt/model.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>

#include <utility>

#include "basnet_rt/error.h"
#include "torch/model/model_impl.h"
#include "torch/model/video_forward.h"

namespace basnet_rt {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kBundle, why); }

[[noreturn]] void fail(const std::string& why) { throw Error(ErrorCode::kInvalidArgument, why); }

/// Runs `compute` without gradients; exceptions of libtorch become Error (kBundle) with `method`.
template <class Compute>
auto guarded(const std::string& name, const char* method, const Compute& compute) {
  const at::NoGradGuard no_grad;
  try {
    return compute();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    refuse(name + ": the network's " + method + " failed: " + reason(error));
  }
}

StepOutput checked(StepOutput output, const Model::Impl& model) {
  const auto is = [&](const at::Tensor& tensor, std::int64_t width) {
    return tensor.dim() == 3 && tensor.size(1) == output.cas.size(1) && tensor.size(2) == width &&
           tensor.scalar_type() == at::kFloat;
  };
  const std::int64_t columns = model.metadata.num_classes();
  if (!is(output.cas, columns + 1) || !is(output.activations, columns)) {
    refuse(model.name + ": the module's step returns other shapes than its metadata promises");
  }
  return output;
}

}  // namespace

std::string reason(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  std::string text = torch_error ? torch_error->what_without_backtrace() : error.what();
  // The interpreter puts the script's traceback first and the raised error last.
  const std::size_t raised = text.rfind("Error: ");
  if (text.find("TorchScript interpreter") != std::string::npos && raised != std::string::npos) {
    text = text.substr(raised + 7);
  }
  text = text.substr(text.find_first_not_of(" \n") == std::string::npos
                         ? text.size()
                         : text.find_first_not_of(" \n"));
  return text.substr(0, text.find('\n'));
}

std::vector<float> to_vector(const at::Tensor& values) {
  const at::Tensor here = values.to(at::kCPU).contiguous();
  const auto* data = here.const_data_ptr<float>();
  return {data, data + here.numel()};
}

States Model::Impl::initial_state(std::int64_t batch) const {
  return guarded(name, "initial_state", [&] { return script->initial_state(batch); });
}

StepOutput Model::Impl::step(const at::Tensor& rows, const States& state) const {
  return guarded(name, "step", [&] { return checked(script->step(rows, state), *this); });
}

StepOutput Model::Impl::flush(const States& state) const {
  return guarded(name, "flush", [&] { return checked(script->flush(state), *this); });
}

at::Tensor Model::Impl::rows(const FeatureView& features) const {
  // The module does not change its input.
  return at::from_blob(const_cast<float*>(features.data),
                       {features.num_snippets, features.feature_dim}, at::kFloat)
      .to(device);
}

Model::Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

const BundleMetadata& Model::metadata() const { return impl_->metadata; }
const std::string& Model::name() const { return impl_->name; }
const std::string& Model::device() const { return impl_->device_name; }
const std::string& Model::dtype() const { return impl_->dtype; }

Activations forward_video(const Model::Impl& model, const FeatureView& features, bool with_scores) {
  check_video(features, model.metadata);
  const VideoOutputs outputs = guarded(
      model.name, "forward", [&] { return run_video(model, model.rows(features), with_scores); });
  Activations video;
  video.num_snippets = features.num_snippets;
  video.num_classes = model.metadata.num_classes();
  video.activations = to_vector(outputs.activations);
  if (outputs.scores.defined()) video.video_scores = to_vector(outputs.scores);
  video.foreground = to_vector(outputs.foreground);
  video.cas = to_vector(outputs.cas);
  return video;
}

Activations Model::forward(const FeatureView& features) const {
  return forward_video(*impl_, features, true);
}

void set_num_threads(int num_threads) {
  if (num_threads < 1) {
    fail("num_threads is " + std::to_string(num_threads) + "; it must be at least 1");
  }
  at::set_num_threads(num_threads);
}

}  // namespace basnet_rt
