#include "engine/weights_digest.h"

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "basnet_rt/network_state.h"
#include "engine/numbers.h"

namespace basnet_rt::engine {
namespace {

// The tensors of a bundle's module, in byte order of their names. The digest skips `*.inner`; a
// tensor that this network does not have counts as empty.
constexpr std::array<const char*, 11> kNames = {
    "classifier",        "filter_bias", "filter_out_bias", "filter_out_weight",
    "filter_weight",     "first.bias",  "first.taps",      "projection_bias",
    "projection_weight", "second.bias", "second.taps"};

constexpr std::int64_t kMost = std::int64_t{1} << 18;

std::vector<float> values_of(const bundle::StoredTensor& tensor, bool rounded_to_bfloat16) {
  const std::size_t count =
      tensor.bytes.size() / static_cast<std::size_t>(bundle::size_of(tensor.dtype));
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (tensor.dtype == DType::kFloat32) {
      std::memcpy(&values[i], tensor.bytes.data() + 4 * i, 4);
      if (rounded_to_bfloat16) values[i] = from_bfloat16(to_bfloat16(values[i]));
    } else if (tensor.dtype == DType::kBFloat16) {
      std::uint16_t bits;
      std::memcpy(&bits, tensor.bytes.data() + 2 * i, 2);
      values[i] = from_bfloat16(bits);
    } else {
      values[i] = static_cast<float>(static_cast<signed char>(tensor.bytes[i]));
    }
  }
  return values;
}

}  // namespace

std::int64_t weights_digest(const bundle::StoredNetwork& stored, DType dtype) {
  WeightsDigest digest;
  // torch converts every tensor when it changes the dtype; the digest does the same.
  const bool changed =
      dtype == DType::kBFloat16 && stored.tensors.at("first.taps").dtype == DType::kFloat32;
  for (const char* name : kNames) {
    const auto found = stored.tensors.find(name);
    std::vector<float> values;
    if (found != stored.tensors.end()) {
      const auto count = static_cast<std::int64_t>(found->second.bytes.size()) /
                         bundle::size_of(found->second.dtype);
      if (count > kMost) continue;  // the digest leaves it out
      values = values_of(found->second, changed);
    }
    digest.add(name, values.data(), static_cast<std::int64_t>(values.size()));
  }
  if (dtype == DType::kInt8) {
    const float marker = 8.0f;
    digest.add("int8", &marker, 1);
  }
  return digest.value();
}

}  // namespace basnet_rt::engine
