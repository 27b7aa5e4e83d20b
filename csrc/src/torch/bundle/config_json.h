#pragma once

// Settings and metadata as JSON. Only this component's own sources see nlohmann-json.

#include <nlohmann/json.hpp>
#include <string>

#include "basnet_rt/config.h"

namespace basnet_rt {

/// `config` with the fields of a JSON object changed; not yet checked as a whole.
///
/// @throws Error (kInvalidArgument): an unknown field, or no such choice; (kInvalidType).
void apply_fields(const nlohmann::json& fields, PostprocessConfig& config);

/// A value as messages show it.
std::string to_text(const nlohmann::json& value);

}  // namespace basnet_rt
