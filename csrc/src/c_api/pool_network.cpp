#include "pool_network.h"

#include <limits>

#include "status.h"

namespace basnet_rt::c_api {
namespace {

[[noreturn]] void fail_of(const std::string& message) {
  throw Error(ErrorCode::kInvalidState, "the network failed: " + message);
}

const basnet_rt_pool_network& whole(const basnet_rt_pool_network* functions) {
  if (not_null(functions, "network")->struct_size != sizeof(basnet_rt_pool_network)) {
    throw Error(ErrorCode::kInvalidArgument,
                "network.struct_size is " + std::to_string(functions->struct_size) +
                    "; it must be sizeof(basnet_rt_pool_network), here " +
                    std::to_string(sizeof(basnet_rt_pool_network)));
  }
  if (functions->step == nullptr || functions->flush == nullptr) {
    throw Error(ErrorCode::kInvalidArgument, "network.step or network.flush is NULL");
  }
  return *functions;
}

// So that nobody writes into NULL or a handle of another kind.
bool usable(const basnet_rt_pool_output* output) {
  return output != nullptr && output->kind == Kind::kPoolOutput;
}

}  // namespace

CNetwork::CNetwork(const basnet_rt_pool_network* functions, std::int64_t num_classes,
                   bool wants_raw)
    : functions_(whole(functions)), num_classes_(num_classes), wants_raw_(wants_raw) {}

CNetwork::~CNetwork() {
  if (owns_ && functions_.release != nullptr) functions_.release(functions_.user_data);
}

PoolActivations CNetwork::step(const PoolBatch& batch) { return answer(functions_.step, batch); }
PoolActivations CNetwork::flush(const PoolBatch& batch) { return answer(functions_.flush, batch); }

PoolActivations CNetwork::answer(Function function, const PoolBatch& batch) const {
  const auto size = static_cast<std::int64_t>(batch.slots.size());
  const basnet_rt_pool_batch asked{size,           batch.slots.data(), batch.fresh.data(),
                                   batch.num_rows, batch.feature_dim,  batch.features.data()};
  basnet_rt_pool_output output;
  output.batch_size = size;
  output.num_classes = num_classes_;
  output.wants_raw = wants_raw_;
  output.value.counts.assign(batch.slots.size(), 0);
  const int32_t status = function(functions_.user_data, &asked, &output);
  if (status != 0) fail_of(output.error.empty() ? std::to_string(status) : output.error);
  return std::move(output.value);
}

std::string CNetwork::save(std::int64_t slot) {
  if (functions_.save == nullptr) return PoolNetwork::save(slot);
  basnet_rt_bytes* bytes = nullptr;
  const int32_t status = functions_.save(functions_.user_data, slot, &bytes);
  const std::unique_ptr<basnet_rt_bytes> owned(bytes);
  if (status != 0) fail_of("save says " + std::to_string(status));
  return handle(bytes, "what the network's save wrote").value;
}

void CNetwork::load(std::int64_t slot, std::string_view bytes) {
  if (functions_.load == nullptr) return PoolNetwork::load(slot, bytes);
  const int32_t status = functions_.load(functions_.user_data, slot, bytes.data(), bytes.size());
  if (status != 0) fail_of("load says " + std::to_string(status));
}

}  // namespace basnet_rt::c_api

using namespace basnet_rt::c_api;

basnet_rt_status basnet_rt_pool_output_resize(basnet_rt_pool_output* output, int64_t num_rows) {
  return guarded([&] {
    basnet_rt_pool_output& place = handle(output, "output");
    const std::size_t rows = size_of(num_rows, "num_rows");
    const auto batch = static_cast<std::size_t>(place.batch_size);
    const auto classes = static_cast<std::size_t>(place.num_classes);
    if (rows > std::numeric_limits<std::size_t>::max() / 16 / (classes + 1) / batch) {
      throw std::bad_alloc();
    }
    place.value.activations.assign(batch * rows * classes, 0.0f);
    place.value.cas.assign(place.wants_raw ? batch * rows * (classes + 1) : 0, 0.0f);
    place.value.num_rows = num_rows;
  });
}

int64_t* basnet_rt_pool_output_counts(basnet_rt_pool_output* output) {
  return usable(output) ? output->value.counts.data() : nullptr;
}

float* basnet_rt_pool_output_activations(basnet_rt_pool_output* output) {
  return usable(output) ? output->value.activations.data() : nullptr;
}

float* basnet_rt_pool_output_raw_cas(basnet_rt_pool_output* output) {
  return usable(output) && output->wants_raw ? output->value.cas.data() : nullptr;
}

void basnet_rt_pool_output_set_error(basnet_rt_pool_output* output, const char* message) {
  static_cast<void>(guarded([&] { handle(output, "output").error = text_of(message, "message"); }));
}
