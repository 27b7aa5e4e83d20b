#include "basnet_rt/bundle.h"

#include <optional>
#include <utility>

#include "basnet_rt/error.h"
#include "engine/bundle/bad_file.h"
#include "engine/bundle/safetensors.h"
#include "engine/bundle/stored_network.h"
#include "engine/bundle/torch_archive.h"
#include "engine/bundle/zip.h"

namespace basnet_rt {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::kBundle, why); }

std::shared_ptr<const bundle::MappedFile> open_file(const std::string& path) {
  try {
    return bundle::MappedFile::open(path);
  } catch (const bundle::BadFile& error) {
    refuse(path + ": " + error.what() + "; expected a bundle from `basnet-train export`");
  }
}

[[noreturn]] void refuse_archive(const std::string& path, const std::string& why) {
  refuse(path + ": truncated, or not a TorchScript file: " + why);
}

[[noreturn]] void refuse_safetensors(const std::string& path, const std::string& why) {
  refuse(path + ": truncated, or not a safetensors file of a bundle: " + why);
}

BundleMetadata safetensors_metadata(const bundle::Safetensors& file, const std::string& path) {
  if (!file.metadata)
    refuse(path + ": a safetensors file without basnet_rt.json; expected a bundle");
  return parse_metadata(*file.metadata, path);
}

BundleMetadata archive_metadata(const bundle::Zip& archive, const std::string& path) {
  const std::optional<std::string> text = bundle::metadata_text(archive);
  if (!text) bundle::check_is_torchscript(archive);
  if (!text) refuse(path + ": a zip archive without basnet_rt.json; expected a bundle");
  return parse_metadata(*text, path);
}

}  // namespace

BundleMetadata read_metadata(const std::string& path) {
  const auto file = open_file(path);
  if (bundle::looks_like_safetensors(file->bytes())) {
    try {
      return safetensors_metadata(bundle::read_safetensors(file->bytes()), path);
    } catch (const bundle::BadFile& error) {
      refuse_safetensors(path, error.what());
    }
  }
  try {
    return archive_metadata(bundle::Zip(file->bytes()), path);
  } catch (const bundle::BadFile& error) {
    refuse_archive(path, error.what());
  }
}

std::vector<StoredWeight> read_weights(const std::string& path) {
  const bundle::StoredNetwork network = bundle::open_network(path);
  std::vector<StoredWeight> weights;
  for (const auto& [name, tensor] : network.tensors) {
    weights.push_back(
        {name, bundle::name_of(tensor.dtype), tensor.shape, std::string(tensor.bytes)});
  }
  return weights;
}

PostprocessConfig streaming_config(const BundleMetadata& metadata) {
  PostprocessConfig config = metadata.postprocess;
  if (config.mode == Mode::kPublished) {  // settings of one mode have no meaning in the other
    config = PostprocessConfig{};
    config.score_function = metadata.postprocess.score_function;
    config.topk_divisor = metadata.postprocess.topk_divisor;
  }
  config.gate = Gate::kNone;
  if (config.normalisation == Normalisation::kFixed) return config;
  config.normalisation = Normalisation::kFixed;
  if (metadata.calibration) {
    config.fixed_lo = metadata.calibration->lo;
    config.fixed_hi = metadata.calibration->hi;
  } else if (metadata.activation == "raw") {
    throw Error(ErrorCode::kInvalidArgument,
                "normalisation \"fixed\" needs a range, and this bundle was not calibrated; give "
                "fixed_lo and fixed_hi, or run `basnet-train calibrate`");
  }
  return config;
}

namespace bundle {
namespace {

void open_safetensors(const std::string& path, StoredNetwork& network) {
  try {
    Safetensors file = read_safetensors(network.file->bytes());
    network.metadata = safetensors_metadata(file, path);
    network.tensors = std::move(file.tensors);
    network.background_logit = network.metadata.background_logit;
    check_shapes(network);
  } catch (const BadFile& error) {
    refuse_safetensors(path, error.what());
  }
}

void open_archive(const std::string& path, StoredNetwork& network) {
  try {
    const Zip archive(network.file->bytes());
    network.metadata = archive_metadata(archive, path);
    read_weights(archive, network);
    check_shapes(network);
  } catch (const BadFile& error) {
    refuse_archive(path, error.what());
  }
}

}  // namespace

StoredNetwork open_network(const std::string& path) {
  StoredNetwork network;
  network.file = open_file(path);
  if (looks_like_safetensors(network.file->bytes())) {
    open_safetensors(path, network);
  } else {
    open_archive(path, network);
  }
  return network;
}

}  // namespace bundle
}  // namespace basnet_rt
