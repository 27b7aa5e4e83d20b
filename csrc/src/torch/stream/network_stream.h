#pragma once

#include <memory>

#include "basnet_rt/model.h"
#include "basnet_rt/stream_network.h"

namespace basnet_rt {

/// A bundle's network on one stream.
///
/// @param with_cas  whether to return the raw CAS too; gates kVideo and kHorizon need it.
std::shared_ptr<StreamNetwork> stream_network(const Model& model, bool with_cas);

}  // namespace basnet_rt
