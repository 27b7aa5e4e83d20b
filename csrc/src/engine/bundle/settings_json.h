#pragma once

#include "basnet_rt/config.h"
#include "json/value.h"

namespace basnet_rt::bundle {

/// `config` with the fields of a JSON object changed; not yet checked as a whole.
///
/// @throws Error (kInvalidArgument): an unknown field, or no such choice; (kInvalidType).
void apply_fields(const json::Value& fields, PostprocessConfig& config);

}  // namespace basnet_rt::bundle
