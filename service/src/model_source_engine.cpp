// A bundle, run by the native engine.

#include "basnet_rt/engine.h"
#include "bundle_source.h"

namespace service {

ModelSource load_model(const Options& options) {
  basnet_rt::engine::ModelOptions how;
  how.num_threads = static_cast<int>(options.threads);
  return source_of(basnet_rt::engine::Model::load(bundle_of(options), how), options);
}

}  // namespace service
