#pragma once

// A bundle as the service needs it, whichever component runs its network.

#include "basnet_rt/bundle.h"
#include "model_source.h"

namespace service {

/// The bundle's own settings, those for early finals, or the bundle's with changes.
inline basnet_rt::PostprocessConfig chosen_config(const Options& options,
                                                  const basnet_rt::BundleMetadata& metadata) {
  if (options.config == "bundle") return metadata.postprocess;
  if (options.config == "streaming") return basnet_rt::streaming_config(metadata);
  return basnet_rt::parse_config(options.config, metadata.postprocess);
}

/// @throws basnet_rt::Error (kInvalidArgument): no bundle is named.
inline const std::string& bundle_of(const Options& options) {
  if (!options.bundle.empty()) return options.bundle;
  throw basnet_rt::Error(basnet_rt::ErrorCode::kInvalidArgument, "--bundle is missing");
}

/// `model` is one of component engine or torch, which each bring a `pool_network`.
template <class Model>
ModelSource source_of(const Model& model, const Options& options) {
  const basnet_rt::BundleMetadata& metadata = model.metadata();
  ModelSource source;
  source.name = model.name();
  source.classes = metadata.classes;
  source.feature_dim = metadata.feature_dim;
  source.snippet_seconds = metadata.snippet_seconds();
  source.config = chosen_config(options, metadata);
  source.network = pool_network(model, source.config.gate != basnet_rt::Gate::kNone);
  return source;
}

}  // namespace service
