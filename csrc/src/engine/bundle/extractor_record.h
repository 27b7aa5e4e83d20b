#pragma once

#include "basnet_rt/bundle.h"
#include "json/value.h"

namespace basnet_rt::bundle {

/// Checks the record of the extractor ("extractor" in `fields`), if there is one. Facts that are in
/// the record and in the metadata must be equal. docs/bundle.md has its keys.
///
/// @throws Error (kBundle): the record is not valid, or contradicts the metadata.
void check_extractor(const json::Value& fields, const BundleMetadata& metadata);

}  // namespace basnet_rt::bundle
