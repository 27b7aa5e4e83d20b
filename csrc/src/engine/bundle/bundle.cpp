#include "basnet_rt/bundle.h"

#include <optional>
#include <utility>

#include "basnet_rt/error.h"
#include "engine/bundle/bad_file.h"
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

BundleMetadata archive_metadata(const bundle::Zip& archive, const std::string& path) {
  const std::optional<std::string> text = bundle::metadata_text(archive);
  if (!text) bundle::check_is_torchscript(archive);
  if (!text) refuse(path + ": a zip archive without basnet_rt.json; expected a bundle");
  return parse_metadata(*text, path);
}

}  // namespace

BundleMetadata read_metadata(const std::string& path) {
  const auto file = open_file(path);
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
  if (config.mode == Mode::kPublished) {  // settings of one mode say nothing about the other
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

StoredNetwork open_network(const std::string& path) {
  StoredNetwork network;
  network.file = open_file(path);
  try {
    const Zip archive(network.file->bytes());
    network.metadata = archive_metadata(archive, path);
    read_weights(archive, network);
    check_shapes(network);
  } catch (const BadFile& error) {
    refuse_archive(path, error.what());
  }
  return network;
}

}  // namespace bundle
}  // namespace basnet_rt
