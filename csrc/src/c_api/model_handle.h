#pragma once

#include <utility>

#include "basnet_rt/c_model.h"
#include "basnet_rt/engine.h"
#include "handles.h"

struct basnet_rt_model : basnet_rt::c_api::Tagged<basnet_rt::c_api::Kind::kModel> {
  explicit basnet_rt_model(basnet_rt::engine::Model&& model) : value(std::move(model)) {}
  basnet_rt::engine::Model value;
};

namespace basnet_rt::c_api {

/// The settings of a handle; absent for NULL, which means those of the bundle.
inline std::optional<PostprocessConfig> config_or_own(const basnet_rt_config* config) {
  if (config == nullptr) return std::nullopt;
  return handle(config, "config").value;
}

}  // namespace basnet_rt::c_api
