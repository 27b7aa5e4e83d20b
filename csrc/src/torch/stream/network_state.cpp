#include "torch/stream/network_state.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cstring>
#include <sstream>

#include "basnet_rt/error.h"
#include "torch/bundle/zip_file.h"

namespace basnet_rt {
namespace {

constexpr std::int64_t kSmall = 1 << 18;  // elements

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidState, "saved network state " + why);
}

std::string_view bytes_of(const at::Tensor& values) {
  return {static_cast<const char*>(values.const_data_ptr()), values.nbytes()};
}

// float32 holds every bfloat16 exactly.
NamedArray to_array(const std::string& name, const at::Tensor& values) {
  const bool floating = values.is_floating_point();
  const at::Tensor exact = values.to(at::kCPU, floating ? at::kFloat : at::kLong).contiguous();
  return {name, floating ? "<f4" : "<i8", exact.sizes().vec(), std::string(bytes_of(exact))};
}

at::Tensor to_tensor(const NamedArray& array, const at::Tensor& like) {
  if (at::IntArrayRef(array.shape) != like.sizes()) {
    std::ostringstream shapes;
    shapes << "has shape " << at::IntArrayRef(array.shape) << "; this model's is " << like.sizes()
           << ": it was saved with another model";
    refuse(shapes.str());
  }
  const at::Tensor values = at::empty(array.shape, array.type == "<f4" ? at::kFloat : at::kLong);
  std::memcpy(values.mutable_data_ptr(), array.bytes.data(), array.bytes.size());
  return values.to(like.options());
}

}  // namespace

std::string pack_state(const Model::Impl& model, const States& state, const Counts& counts) {
  std::vector<NamedArray> arrays = {scalar_array("weights", model.weights)};
  for (const auto& [name, value] : counts) arrays.push_back(scalar_array(name, value));
  for (std::size_t i = 0; i < state.size(); ++i) {
    arrays.push_back(to_array("state_" + std::to_string(i), state[i]));
  }
  return write_arrays(arrays);
}

UnpackedState unpack_state(const Model::Impl& model, std::string_view bytes, const States& like,
                           const std::vector<std::string>& names) {
  const std::vector<NamedArray> arrays = read_arrays(bytes);
  UnpackedState unpacked;
  for (std::size_t i = 0; i < like.size(); ++i) {
    const NamedArray& array = find_array(arrays, "state_" + std::to_string(i));
    unpacked.state.push_back(to_tensor(array, like[i]));
  }
  if (find_scalar(arrays, "weights") != model.weights) {
    refuse("is of other weights: it was saved with another model");
  }
  for (const std::string& name : names) unpacked.counts.push_back(find_scalar(arrays, name));
  return unpacked;
}

std::int64_t weights_digest(const Script& script) {
  const at::NoGradGuard no_grad;
  std::uint32_t digest = 0;
  for (const auto& [name, value] : script.weights()) {
    if (value.numel() > kSmall) continue;
    const at::Tensor exact = value.to(at::kCPU, at::kFloat).contiguous();
    digest = zip::crc32(bytes_of(exact), zip::crc32(name, digest));
  }
  return digest;
}

}  // namespace basnet_rt
