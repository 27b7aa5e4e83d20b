// TorchScript archives: the bytes as a whole archive, as a pickle and as metadata inside one whose
// checksums fit, as a compressed stream and as code.

#include <fstream>
#include <iterator>

#include "basnet_rt/error.h"
#include "bundle/zip_maker.h"
#include "engine/bundle/bad_file.h"
#include "engine/bundle/code_text.h"
#include "engine/bundle/inflate.h"
#include "engine/bundle/pickle.h"
#include "engine/bundle/stored_network.h"
#include "engine/bundle/torch_archive.h"
#include "engine/bundle/zip.h"
#include "fuzz.h"

namespace basnet_rt::fuzz {
namespace {

constexpr std::uint64_t kMostUnpacked = 1 << 20;

std::string bundle_bytes(const std::string& name) {
  std::ifstream file(TEST_DATA "/bundles_0_1/" + name + ".pt", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Every stored entry of a bundle.
const testing::Files& whole_bundle() {
  static const testing::Files files = [] {
    const std::string bytes = bundle_bytes("full");
    const bundle::Zip archive(bytes);
    testing::Files found;
    for (const bundle::ZipEntry& entry : archive.entries()) {
      if (entry.stored) found.emplace_back(entry.name, archive.stored(entry));
    }
    return found;
  }();
  return files;
}

void read(const std::string& bytes) {
  try {
    const bundle::Zip archive(bytes);
    for (const bundle::ZipEntry& entry : archive.entries()) {
      static_cast<void>(archive.unpacked(entry, kMostUnpacked));
    }
    const std::optional<std::string> text = bundle::metadata_text(archive);
    if (!text) return;
    bundle::StoredNetwork network;
    network.metadata = parse_metadata(*text, "fuzz");
    bundle::read_weights(archive, network);
    bundle::check_shapes(network);
    static_cast<void>(bundle::weights_of(network));
  } catch (const bundle::BadFile&) {
  } catch (const Error&) {
  }
}

void read_with(const std::string& entry, std::string_view bytes) {
  testing::Files files = whole_bundle();
  for (auto& [name, content] : files) {
    if (name == entry) content = bytes;
  }
  read(testing::zip_of(files));
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> found = {bundle_bytes("full"), bundle_bytes("no_background"),
                                    testing::zip_of({{"a", "first"}, {"b", "second"}}),
                                    testing::zip_of({{"a", "first"}, {"b", "second"}}, true)};
  for (const auto& [name, content] : whole_bundle()) {
    if (content.size() > 400) found.push_back(content);
  }
  const bundle::Zip archive(found.front());
  for (const bundle::ZipEntry& entry : archive.entries()) {
    if (entry.stored) continue;
    found.push_back(archive.unpacked(entry, kMostUnpacked).substr(0, 2000));
    found.emplace_back(found.front().substr(entry.offset, entry.packed));
  }
  return found;
}

void run(std::string_view bytes) {
  read(std::string(bytes));
  read_with("bundle/data.pkl", bytes);
  read_with("bundle/extra/basnet_rt.json", bytes);
  static_cast<void>(bundle::normalised_code(bytes));
  try {
    static_cast<void>(bundle::inflate(bytes, 3000));
  } catch (const bundle::BadFile&) {
  }
}

}  // namespace basnet_rt::fuzz
