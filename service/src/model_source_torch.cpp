// A bundle, run by libtorch.

#include "basnet_rt/error.h"
#include "basnet_rt/model.h"
#include "basnet_rt/model_pool.h"
#include "model_source.h"

namespace service {
namespace {

basnet_rt::PostprocessConfig chosen_config(const Options& options,
                                           const basnet_rt::BundleMetadata& metadata) {
  if (options.config == "bundle") return metadata.postprocess;
  if (options.config == "streaming") return basnet_rt::streaming_config(metadata);
  return basnet_rt::parse_config(options.config, metadata.postprocess);
}

}  // namespace

ModelSource load_model(const Options& options) {
  if (options.bundle.empty()) {
    throw basnet_rt::Error(basnet_rt::ErrorCode::kInvalidArgument, "--bundle is missing");
  }
  basnet_rt::set_num_threads(static_cast<int>(options.threads));
  const basnet_rt::Model model = basnet_rt::Model::load(options.bundle);
  const basnet_rt::BundleMetadata& metadata = model.metadata();
  ModelSource source;
  source.name = model.name();
  source.classes = metadata.classes;
  source.feature_dim = metadata.feature_dim;
  source.snippet_seconds = metadata.snippet_seconds();
  source.config = chosen_config(options, metadata);
  source.network = basnet_rt::pool_network(model, source.config.gate != basnet_rt::Gate::kNone);
  return source;
}

}  // namespace service
