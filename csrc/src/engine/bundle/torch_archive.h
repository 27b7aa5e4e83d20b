#pragma once

// A TorchScript archive without TorchScript: what its entries are, and what its pickle says.

#include <optional>
#include <string>
#include <string_view>

#include "engine/bundle/stored_network.h"
#include "engine/bundle/zip.h"

namespace basnet_rt::bundle {

/// Whether a file begins as zip archives do.
bool looks_like_zip(std::string_view bytes);

/// Checks that there is what torch.jit.load begins with.
/// @throws BadFile: there is not.
void check_is_torchscript(const Zip& archive);

/// The JSON text of an archive's metadata; absent where it has none.
/// @throws BadFile: it is damaged.
std::optional<std::string> metadata_text(const Zip& archive);

/// Weights and settings out of the archive's pickle, as the exporter's module has them, into
/// `network`, whose metadata they must agree with.
/// @throws BadFile: another module's, or damaged.
void read_weights(const Zip& archive, StoredNetwork& network);

}  // namespace basnet_rt::bundle
