#pragma once

// Reads a TorchScript archive without TorchScript: its entries and its pickle.

#include <optional>
#include <string>
#include <string_view>

#include "engine/bundle/stored_network.h"
#include "engine/bundle/zip.h"

namespace basnet_rt::bundle {

/// Whether a file begins as zip archives do.
bool looks_like_zip(std::string_view bytes);

/// Checks that the archive has the first entries that torch.jit.load needs.
/// @throws BadFile: it has not.
void check_is_torchscript(const Zip& archive);

/// The JSON text of an archive's metadata; absent if it has none.
/// @throws BadFile: it is damaged.
std::optional<std::string> metadata_text(const Zip& archive);

/// Reads weights and settings of the exporter's module from the archive's pickle into `network`;
/// they must agree with its metadata.
/// @throws BadFile: the archive has another module, or is damaged.
void read_weights(const Zip& archive, StoredNetwork& network);

}  // namespace basnet_rt::bundle
