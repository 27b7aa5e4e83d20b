#include <filesystem>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "basnet_rt/error.h"
#include "basnet_rt/postprocess.h"
#include "engine/bundle/stored_network.h"
#include "engine/model_impl.h"
#include "engine/weights_digest.h"

namespace basnet_rt::engine {
namespace {

/// The identity of a file: it differs for other files, and for an older file of the same path.
using FileKey = std::tuple<std::string, std::int64_t, std::uintmax_t, DType, bool>;

FileKey key_of(const std::string& path, DType dtype, bool exact) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path real = fs::weakly_canonical(path, ignored);
  const auto written = fs::last_write_time(path, ignored).time_since_epoch().count();
  return {real.string(), static_cast<std::int64_t>(written), fs::file_size(path, ignored), dtype,
          exact};
}

/// One instance for each key, as long as it is used.
template <class Key, class Value>
class Shared {
 public:
  template <class Make>
  std::shared_ptr<Value> get(const Key& key, const Make& make) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (auto found = known_[key].lock()) return found;
    for (auto it = known_.begin(); it != known_.end();) {
      it = it->second.expired() ? known_.erase(it) : std::next(it);
    }
    std::shared_ptr<Value> made = make();
    known_[key] = made;
    return made;
  }

 private:
  std::mutex mutex_;
  std::map<Key, std::weak_ptr<Value>> known_;
};

DType dtype_of(const std::string& text) {
  for (const DType one : {DType::kFloat32, DType::kBFloat16, DType::kInt8}) {
    if (text == bundle::name_of(one)) return one;
  }
  throw Error(ErrorCode::kInvalidArgument,
              "dtype is \"" + text + "\"; it must be one of float32, bfloat16, int8");
}

// Never destroyed, because models may live until the end of the program.
Shared<FileKey, const LoadedNetwork>& networks() {
  static auto* shared = new Shared<FileKey, const LoadedNetwork>;
  return *shared;
}

Shared<int, Threads>& thread_groups() {
  static auto* shared = new Shared<int, Threads>;
  return *shared;
}

std::shared_ptr<const LoadedNetwork> loaded_network(const std::string& path,
                                                    const bundle::StoredNetwork& stored,
                                                    DType dtype, bool exact) {
  return networks().get(key_of(path, dtype, exact), [&]() -> std::shared_ptr<const LoadedNetwork> {
    try {
      return std::make_shared<const LoadedNetwork>(LoadedNetwork{
          Network(bundle::weights_of(stored), dtype, exact), weights_digest(stored, dtype)});
    } catch (const Error& error) {
      throw Error(error.code(), path + ": " + error.what());
    }
  });
}

void check_can_become(const bundle::StoredNetwork& stored, DType wanted) {
  const DType held = stored.tensors.at("first.taps").dtype;
  if (held != DType::kInt8 || wanted == DType::kInt8) return;
  throw Error(ErrorCode::kInvalidArgument,
              std::string("dtype is \"") + bundle::name_of(wanted) +
                  "\", and the bundle holds int8 weights; load it as int8, or export it again");
}

}  // namespace

Model Model::load(const std::string& path, const ModelOptions& options) {
  if (options.num_threads < 0) {
    throw Error(ErrorCode::kInvalidArgument, "num_threads is " +
                                                 std::to_string(options.num_threads) +
                                                 "; it must be at least 1, or 0 for one per core");
  }
  const bundle::StoredNetwork stored = bundle::open_network(path);
  Impl impl;
  impl.dtype = options.dtype.value_or(stored.metadata.dtype);
  const DType dtype = dtype_of(impl.dtype);
  check_can_become(stored, dtype);
  impl.metadata = stored.metadata;
  impl.name = std::filesystem::path(path).filename().string();
  impl.kernel = &chosen_kernel();
  impl.kernel_name = impl.kernel->name;
  impl.threads = thread_groups().get(
      options.num_threads, [&] { return std::make_shared<Threads>(options.num_threads); });
  impl.loaded = loaded_network(path, stored, dtype, options.exact);
  return Model(std::make_shared<const Impl>(std::move(impl)));
}

Model::Model(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

const BundleMetadata& Model::metadata() const { return impl_->metadata; }
const std::string& Model::name() const { return impl_->name; }
const std::string& Model::dtype() const { return impl_->dtype; }
const std::string& Model::kernel() const { return impl_->kernel_name; }
int Model::num_threads() const { return impl_->threads->count(); }

Activations Model::forward(const FeatureView& features) const {
  check_video(features, impl_->metadata);
  VideoOutput output = impl_->network().forward(features, impl_->machine());
  Activations video;
  video.num_snippets = features.num_snippets;
  video.num_classes = impl_->metadata.num_classes();
  video.activations = std::move(output.snippets.activations);
  video.foreground = std::move(output.snippets.foreground);
  video.cas = std::move(output.snippets.cas);
  video.video_scores = std::move(output.video_scores);
  return video;
}

Localizer::Localizer(Model model, std::optional<PostprocessConfig> config)
    : model_(std::move(model)),
      config_(config ? std::move(*config) : model_.metadata().postprocess) {
  check(config_, model_.metadata().num_classes());
}

Detections Localizer::operator()(const FeatureView& features,
                                 std::optional<double> duration) const {
  const auto network = [&](const FeatureView& rows, bool) { return model_.forward(rows); };
  return localize_video(network, model_.metadata(), config_, features, duration);
}

std::vector<KernelInfo> kernel_infos() {
  std::vector<KernelInfo> infos;
  for (const KernelEntry& one : kernels()) {
    infos.push_back({one.kernel->name, one.why_not.empty(), one.why_not});
  }
  return infos;
}

}  // namespace basnet_rt::engine
