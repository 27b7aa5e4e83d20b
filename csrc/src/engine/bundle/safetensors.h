#pragma once

// Files in the format of the safetensors library: the size of a JSON text (8 bytes), the text, and
// the tensors' bytes. Source: https://github.com/huggingface/safetensors, "Format".

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/bundle/stored_network.h"

namespace basnet_rt::bundle {

/// Whether a file begins like a safetensors file.
bool looks_like_safetensors(std::string_view bytes);

struct Safetensors {
  std::map<std::string, StoredTensor> tensors;
  std::optional<std::string> metadata;  ///< the bundle's JSON text
};

/// Finds every tensor; they must fill the file without gap and without overlap. If the text has a
/// CRC-32 of their bytes ("crc32" under "__metadata__"), it is checked.
///
/// @throws BadFile: truncated, or the text and the bytes do not fit each other.
Safetensors read_safetensors(std::string_view bytes);

}  // namespace basnet_rt::bundle
