// A bundle, run by libtorch.

#include "basnet_rt/model.h"
#include "basnet_rt/model_pool.h"
#include "bundle_source.h"

namespace service {

ModelSource load_model(const Options& options) {
  const std::string& bundle = bundle_of(options);
  basnet_rt::set_num_threads(static_cast<int>(options.threads));
  return source_of(basnet_rt::Model::load(bundle), options);
}

}  // namespace service
