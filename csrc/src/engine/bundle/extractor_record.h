#pragma once

#include "basnet_rt/bundle.h"
#include "json/value.h"

namespace basnet_rt::bundle {

/// The record of the extractor, `fields`' "extractor", where there is one: what it and the metadata
/// both say, they must say alike. docs/bundle.md has its keys.
///
/// @throws Error (kBundle): no record, or one that contradicts.
void check_extractor(const json::Value& fields, const BundleMetadata& metadata);

}  // namespace basnet_rt::bundle
