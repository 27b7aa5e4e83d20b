#include "basnet_rt/network_state.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "basnet_rt/error.h"
#include "saved/archive.h"
#include "saved/crc32.h"
#include "saved/old_network_state.h"

namespace basnet_rt {
namespace {

constexpr std::string_view kStateKind = "BRTN";
constexpr std::uint32_t kStateVersion = 1;
constexpr std::string_view kDerived = ".inner";
constexpr std::int64_t kSmall = std::int64_t{1} << 18;  // elements

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::kInvalidState, "saved network state " + why);
}

template <class Archive, class State>  // a constant one for a writer
void visit_state(Archive& archive, State& state) {
  archive.field(state.weights);
  archive.field(state.seen);
  for (auto& array : state.arrays) {
    archive.block(array.name);
    archive.block(array.shape);
    archive.block(array.values);
  }
}

std::string to_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t extent : shape) {
    text += (text.empty() ? "" : ", ") + std::to_string(extent);
  }
  return "(" + text + ")";
}

NetworkState read(std::string_view bytes) {
  archive::Reader reader(archive::unseal(kStateKind, kStateVersion, bytes));
  NetworkState state;
  state.arrays.resize(reader.count());
  visit_state(reader, state);
  if (!reader.at_end()) refuse("has bytes left over");
  return state;
}

void check_array(const NetworkArray& array, const NetworkArray& like) {
  if (array.name != like.name) {
    refuse("has " + array.name + " where this model has " + like.name +
           ": it was saved with another model");
  }
  if (array.shape != like.shape) {
    refuse("has " + array.name + " of shape " + to_text(array.shape) + "; this model's is " +
           to_text(like.shape) + ": it was saved with another model");
  }
  if (array.values.size() != like.values.size()) archive::refuse_content();
}

}  // namespace

std::string save_network_state(const NetworkState& state) {
  archive::Writer writer;
  const auto count = static_cast<std::uint64_t>(state.arrays.size());
  writer.field(count);
  visit_state(writer, state);
  return archive::seal(kStateKind, kStateVersion, writer.take());
}

NetworkState load_network_state(std::string_view bytes, const NetworkState& like) {
  const bool old = is_old_network_state(bytes);
  NetworkState state = old ? read_old_network_state(bytes).state : read(bytes);
  if (state.arrays.size() != like.arrays.size()) {
    refuse("has " + std::to_string(state.arrays.size()) + " arrays; this model's has " +
           std::to_string(like.arrays.size()) + ": it was saved with another model");
  }
  for (std::size_t i = 0; i < like.arrays.size(); ++i) check_array(state.arrays[i], like.arrays[i]);
  if (state.weights != (old ? like.weights_0_1.value_or(state.weights) : like.weights)) {
    refuse("is of other weights: it was saved with another model");
  }
  if (state.seen < 0) archive::refuse_content();
  state.weights = like.weights;
  return state;
}

void WeightsDigest::add(std::string_view name, const float* values, std::int64_t count) {
  const bool derived =
      name.size() >= kDerived.size() && name.substr(name.size() - kDerived.size()) == kDerived;
  if (count > kSmall || (derived && !with_derived_)) return;
  const auto size = static_cast<std::size_t>(count) * sizeof(float);
  digest_ = crc32({reinterpret_cast<const char*>(values), size}, crc32(name, digest_));
}

}  // namespace basnet_rt
