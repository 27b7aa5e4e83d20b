#include "engine/bundle/torch_archive.h"

#include <array>
#include <limits>
#include <utility>

#include "engine/bundle/bad_file.h"
#include "engine/bundle/code_text.h"
#include "engine/bundle/pickle.h"

// The module is training/basnet_training/scripted.py's InferenceNetwork: buffers are attributes,
// and each of its two ThreeTap has the state (taps, bias, ...).

namespace basnet_rt::bundle {
namespace {

using Kind = Pickled::Kind;

constexpr std::string_view kMetadataEnding = "/extra/basnet_rt.json";
constexpr std::uint64_t kLongestMetadata = std::uint64_t{8} << 20;
constexpr std::string_view kNetworkClass = "__torch__.basnet_training.scripted\nInferenceNetwork";
constexpr std::string_view kThreeTapClass = "__torch__.basnet_training.three_tap\nThreeTap";

[[noreturn]] void fail(const std::string& why) { throw BadFile(why); }

bool ends_with(std::string_view text, std::string_view ending) {
  return text.size() >= ending.size() && text.substr(text.size() - ending.size()) == ending;
}

/// The folder that holds everything: "name/" of "name/data.pkl".
std::string top_folder(const Zip& archive) {
  for (const ZipEntry& entry : archive.entries()) {
    const std::size_t slash = entry.name.find('/');
    if (slash != std::string::npos && entry.name.substr(slash) == "/data.pkl") {
      return entry.name.substr(0, slash + 1);
    }
  }
  fail("it holds no data.pkl");
}

const Pickled& attribute(const Pickled& object, const std::string& name, Kind kind) {
  const Pickled* const found = object.state == nullptr ? nullptr : object.state->find(name);
  if (found == nullptr || !found->is(kind)) {
    fail("its network has no " + name + " of the kind that our exporter writes");
  }
  return *found;
}

const Pickled& module(const Pickled& value, std::string_view wanted) {
  if (!value.is(Kind::kObject) || without_mangling(value.text) != wanted) {
    fail("its network is not one that `basnet-train export` writes");
  }
  return value;
}

/// Element `at` of a sequence, of a kind.
const Pickled& item(const Pickled& from, std::size_t at, Kind kind) {
  if (at >= from.items.size() || !from.items[at]->is(kind)) fail("a tensor's record is damaged");
  return *from.items[at];
}

DType dtype_of(std::string_view storage_class) {
  if (storage_class == "torch\nFloatStorage") return DType::kFloat32;
  if (storage_class == "torch\nBFloat16Storage") return DType::kBFloat16;
  fail("a weight is neither float32 nor bfloat16");
}

std::vector<std::int64_t> shape_of(const Pickled& tensor) {
  std::vector<std::int64_t> shape;
  for (const Pickled* size : item(tensor, 2, Kind::kTuple).items) {
    if (!size->is(Kind::kInt) || size->integer < 0) fail("a tensor's shape is damaged");
    shape.push_back(size->integer);
  }
  return shape;
}

/// Product of a shape; refused if it, or the number of bytes, is too large.
std::int64_t count_of(const std::vector<std::int64_t>& shape) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size != 0 && count > kMost / size) fail("a tensor's shape is too large");
    count *= size;
  }
  return count;
}

void check_contiguous(const Pickled& tensor, const std::vector<std::int64_t>& shape) {
  const Pickled& strides = item(tensor, 3, Kind::kTuple);
  if (strides.items.size() != shape.size()) fail("a tensor's strides are damaged");
  std::int64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    const Pickled& stride = item(strides, i, Kind::kInt);
    if (shape[i] > 1 && stride.integer != expected) fail("a tensor is not contiguous");
    expected *= shape[i] > 1 ? shape[i] : 1;
  }
}

class WeightsReader {
 public:
  WeightsReader(const Zip& archive, StoredNetwork& network)
      : archive_(archive),
        network_(network),
        top_(top_folder(archive)),
        pickle_bytes_(archive.stored(entry("data.pkl"))),
        pickle_(pickle_bytes_),
        root_(module(pickle_.root(), kNetworkClass)) {}

  void read() {
    if (const ZipEntry* order = archive_.find(top_ + "byteorder")) {
      if (archive_.stored(*order) != "little") fail("its numbers are not little-endian");
    }
    read_settings();
    const bool projection = truth("has_projection"), filter = truth("has_filter");
    for (const char* name : {"projection_weight", "projection_bias"}) {
      if (projection) add(name, attribute(root_, name, Kind::kTensor));
    }
    for (const char* name :
         {"filter_weight", "filter_bias", "filter_out_weight", "filter_out_bias"}) {
      if (filter) add(name, attribute(root_, name, Kind::kTensor));
    }
    add_three_tap("first");
    add_three_tap("second");
    add("classifier", attribute(root_, "classifier", Kind::kTensor));
  }

 private:
  const ZipEntry& entry(const std::string& name) const {
    const ZipEntry* const found = archive_.find(top_ + name);
    if (found == nullptr) fail("it holds no " + name);
    return *found;
  }
  bool truth(const char* name) const { return attribute(root_, name, Kind::kBool).truth; }
  void read_settings();
  void expect(const char* name, bool equal) const {
    if (!equal) fail(std::string("its network and its metadata have another ") + name);
  }
  void add(const std::string& name, const Pickled& tensor);
  void add_three_tap(const std::string& name);

  const Zip& archive_;
  StoredNetwork& network_;
  std::string top_;
  std::string_view pickle_bytes_;
  Pickle pickle_;
  const Pickled& root_;
};

// The metadata decides; a module with other settings is refused.
void WeightsReader::read_settings() {
  const BundleMetadata& metadata = network_.metadata;
  const auto integer = [&](const char* name) { return attribute(root_, name, Kind::kInt).integer; };
  expect("feature_dim", integer("feature_dim") == metadata.feature_dim);
  expect("number of classes", integer("num_classes") == metadata.num_classes());
  expect("topk_divisor", integer("topk_divisor") == metadata.topk_divisor);
  expect("activation", attribute(root_, "activation", Kind::kText).text == metadata.activation);
  expect("score_function", truth("sigmoid_scores") == (metadata.score_function == "sigmoid"));
  if (truth("constant_background")) {
    network_.background_logit = attribute(root_, "background_logit", Kind::kFloat).number;
  }
  expect("background_logit",
         !metadata.background_logit || metadata.background_logit == network_.background_logit);
}

// Storage: ("storage", class, key, device, count). Tensor: (storage, offset, shape, stride, ...).
void WeightsReader::add(const std::string& name, const Pickled& tensor) {
  const Pickled& storage = item(tensor, 0, Kind::kStorage);
  if (item(storage, 0, Kind::kText).text != "storage") fail("a tensor's record is damaged");
  StoredTensor found;
  found.dtype = dtype_of(item(storage, 1, Kind::kGlobal).text);
  found.shape = shape_of(tensor);
  check_contiguous(tensor, found.shape);
  const std::int64_t offset = item(tensor, 1, Kind::kInt).integer, size = size_of(found.dtype);
  const std::int64_t count = count_of(found.shape);
  const std::string key(item(storage, 2, Kind::kText).text);
  const std::string_view bytes = archive_.stored(entry("data/" + key));
  const auto held = static_cast<std::int64_t>(bytes.size()) / size;
  if (offset < 0 || offset > held || count > held - offset) {
    fail(name + " is larger than its storage");
  }
  found.bytes =
      bytes.substr(static_cast<std::size_t>(offset * size), static_cast<std::size_t>(count * size));
  network_.tensors[name] = std::move(found);
}

void WeightsReader::add_three_tap(const std::string& name) {
  const Pickled& layer = module(attribute(root_, name, Kind::kObject), kThreeTapClass);
  if (layer.state == nullptr || !layer.state->is(Kind::kTuple)) fail(name + " has no state");
  add(name + ".taps", item(*layer.state, 0, Kind::kTensor));
  add(name + ".bias", item(*layer.state, 1, Kind::kTensor));
}

}  // namespace

bool looks_like_zip(std::string_view bytes) { return bytes.substr(0, 2) == "PK"; }

void check_is_torchscript(const Zip& archive) { top_folder(archive); }

std::optional<std::string> metadata_text(const Zip& archive) {
  for (const ZipEntry& entry : archive.entries()) {
    if (ends_with(entry.name, kMetadataEnding)) return archive.unpacked(entry, kLongestMetadata);
  }
  return std::nullopt;
}

void read_weights(const Zip& archive, StoredNetwork& network) {
  WeightsReader(archive, network).read();
}

}  // namespace basnet_rt::bundle
