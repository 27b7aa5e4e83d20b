#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "basnet_rt/bundle.h"
#include "basnet_rt/error.h"
#include "engine/bundle/bad_file.h"
#include "engine/bundle/code_text.h"
#include "engine/bundle/mapped_file.h"
#include "engine/bundle/pickle.h"
#include "engine/bundle/safetensors.h"
#include "engine/bundle/sha256.h"
#include "engine/bundle/stored_network.h"
#include "engine/bundle/torch_archive.h"
#include "engine/bundle/zip.h"

namespace basnet_rt {
namespace bundle {
namespace {

constexpr std::uint64_t kLongestText = std::uint64_t{4} << 20;  // a bundle's have 20 KB

struct KnownCode {
  std::string_view digest;
  std::string_view written_by;
};

// The code of every exporter version; a test exports a bundle and finds its code here.
constexpr std::array<KnownCode, 1> kKnown = {{
    {"c66317dae403b609f97fd517037280f92b1d5f8aa5488e6e6b409e84b3f646da", "0.1 with torch 2.13"},
}};

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw Error(ErrorCode::kBundle, path + ": " + why);
}

[[noreturn]] void refuse_code(const std::string& path, const std::string& why) {
  refuse(path, why + "; torch would run what this file holds. Only if you trust whoever made it, " +
                   "load it with trust_code=True");
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// The file's name inside the archive's only folder; empty if it is not in that folder.
std::string_view below(std::string_view name, std::string_view top) {
  return starts_with(name, top) ? name.substr(top.size()) : std::string_view();
}

std::string top_of(const Zip& archive) {
  if (archive.entries().empty()) throw BadFile("it is empty");
  const std::string& first = archive.entries().front().name;
  return first.substr(0, first.find('/') + 1);
}

bool is_code(std::string_view name) { return starts_with(name, "code/") && ends_with(name, ".py"); }

/// Entries that torch.jit.load reads, and extra files, which it returns unchanged.
bool is_known(std::string_view name) {
  for (const std::string_view one : {"data.pkl", "constants.pkl", "version", "byteorder",
                                     ".data/serialization_id", ".format_version"}) {
    if (name == one) return true;
  }
  return is_code(name) || (starts_with(name, "code/") && ends_with(name, ".py.debug_pkl")) ||
         starts_with(name, "data/") || starts_with(name, "extra/");
}

std::string digest_of(const Zip& archive, const std::string& top) {
  std::map<std::string, std::string> code;
  for (const ZipEntry& entry : archive.entries()) {
    const std::string_view name = below(entry.name, top);
    if (!is_code(name)) continue;
    const std::string text = normalised_code(archive.unpacked(entry, kLongestText));
    if (!code.emplace(without_mangling(name), text).second) {
      throw BadFile("two of its classes are named alike");
    }
  }
  std::string whole;
  for (const auto& [name, text] : code) {
    whole += name + '\0' + text + '\0';
  }
  return sha256(whole);
}

void check_entries(const Zip& archive, const std::string& top) {
  for (const ZipEntry& entry : archive.entries()) {
    if (!is_known(below(entry.name, top))) {
      throw BadFile("it holds " + entry.name + ", which no bundle does");
    }
    // The origin of each line of code: torch unpickles it, so it must be plain data.
    if (ends_with(entry.name, ".debug_pkl")) Pickle(archive.unpacked(entry, kLongestText));
  }
  const ZipEntry* const constants = archive.find(top + "constants.pkl");
  constexpr std::string_view kEmptyTuple = "\x80\x02).";
  if (constants != nullptr && archive.unpacked(*constants, kLongestText) != kEmptyTuple) {
    throw BadFile("it holds constants, which no bundle does");
  }
}

void check_archive(const std::string& path, const Zip& archive) {
  const std::string top = top_of(archive);
  check_entries(archive, top);
  StoredNetwork network;
  const std::optional<std::string> metadata = metadata_text(archive);
  if (!metadata) throw BadFile("it holds no metadata");
  network.metadata = parse_metadata(*metadata, path);
  const std::string digest = digest_of(archive, top);
  const bool known = std::any_of(kKnown.begin(), kKnown.end(),
                                 [&](const KnownCode& one) { return one.digest == digest; });
  if (!known) throw BadFile("its code is none that `basnet-train export` writes");
  read_weights(archive, network);
}

std::shared_ptr<const MappedFile> open_file(const std::string& path) {
  try {
    auto file = MappedFile::open(path);
    if (!looks_like_safetensors(file->bytes())) return file;
    refuse(path,
           "a safetensors bundle, which holds no code for torch to run; export it as TorchScript "
           "to run it with torch");
  } catch (const BadFile& error) {
    refuse(path, error.what());
  }
}

}  // namespace
}  // namespace bundle

void check_bundle_code(const std::string& path) {
  const auto file = bundle::open_file(path);
  try {
    bundle::check_is_torchscript(bundle::Zip(file->bytes()));
  } catch (const bundle::BadFile& error) {
    bundle::refuse(path, std::string("not a TorchScript file: ") + error.what());
  }
  try {
    bundle::check_archive(path, bundle::Zip(file->bytes()));
  } catch (const bundle::BadFile& error) {
    bundle::refuse_code(path, error.what());
  }
}

void check_bundle_undamaged(const std::string& path) {
  const auto file = bundle::open_file(path);
  try {
    const bundle::Zip archive(file->bytes());
    for (const bundle::ZipEntry& entry : archive.entries()) {
      if (entry.stored) {
        archive.stored(entry);
      } else {
        archive.unpacked(entry, bundle::kLongestText);
      }
    }
  } catch (const bundle::BadFile& error) {
    bundle::refuse(path, std::string("damaged: ") + error.what());
  }
}

std::string bundle_code_digest(const std::string& path) {
  const auto file = bundle::open_file(path);
  try {
    const bundle::Zip archive(file->bytes());
    return bundle::digest_of(archive, bundle::top_of(archive));
  } catch (const bundle::BadFile& error) {
    bundle::refuse(path, error.what());
  }
}

}  // namespace basnet_rt
