// Weights out of bundles of version 0.1: every variant that its exporter wrote. The expected shapes
// and CRC-32 values were computed by torch from the loaded modules.

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "bundle/zip_maker.h"
#include "engine/bundle/mapped_file.h"
#include "engine/bundle/stored_network.h"
#include "engine/bundle/zip.h"
#include "saved/crc32.h"
#include "support.h"

namespace basnet_rt::bundle {
namespace {

struct Expected {
  std::string file;
  std::string name;
  DType dtype;
  std::vector<std::int64_t> shape;
  std::uint32_t crc;
};

const std::vector<Expected> kExpected = {
    {"full", "classifier", DType::kFloat32, {12, 4}, 0xe4c5ae5eu},
    {"full", "filter_bias", DType::kFloat32, {5}, 0x4cdf0e57u},
    {"full", "filter_out_bias", DType::kFloat32, {1}, 0x9784f295u},
    {"full", "filter_out_weight", DType::kFloat32, {5, 1}, 0x37b96284u},
    {"full", "filter_weight", DType::kFloat32, {8, 5}, 0x980169e6u},
    {"full", "first.bias", DType::kFloat32, {12}, 0x027d422au},
    {"full", "first.taps", DType::kFloat32, {12, 24}, 0xcae3e5e6u},
    {"full", "second.bias", DType::kFloat32, {12}, 0x484c8ff2u},
    {"full", "second.taps", DType::kFloat32, {12, 36}, 0xc963b0b5u},
    {"bfloat16", "classifier", DType::kFloat32, {12, 4}, 0x6a69b351u},
    {"bfloat16", "filter_bias", DType::kBFloat16, {5}, 0xab0a4278u},
    {"bfloat16", "filter_out_bias", DType::kFloat32, {1}, 0xa6ce7facu},
    {"bfloat16", "filter_out_weight", DType::kFloat32, {5, 1}, 0x52009322u},
    {"bfloat16", "filter_weight", DType::kBFloat16, {8, 5}, 0xa727c3c9u},
    {"bfloat16", "first.bias", DType::kBFloat16, {12}, 0x61704975u},
    {"bfloat16", "first.taps", DType::kBFloat16, {12, 24}, 0x3fe8c467u},
    {"bfloat16", "second.bias", DType::kBFloat16, {12}, 0xda750164u},
    {"bfloat16", "second.taps", DType::kBFloat16, {12, 36}, 0x27d3ac11u},
    {"projection", "classifier", DType::kFloat32, {12, 4}, 0x39a16ac7u},
    {"projection", "filter_bias", DType::kFloat32, {5}, 0x00389283u},
    {"projection", "filter_out_bias", DType::kFloat32, {1}, 0xf062f584u},
    {"projection", "filter_out_weight", DType::kFloat32, {5, 1}, 0x99ce72bbu},
    {"projection", "filter_weight", DType::kFloat32, {6, 5}, 0xdd3dcb95u},
    {"projection", "first.bias", DType::kFloat32, {12}, 0x6ee7f4c9u},
    {"projection", "first.taps", DType::kFloat32, {12, 18}, 0x2278e625u},
    {"projection", "projection_bias", DType::kFloat32, {6}, 0xe6f407f4u},
    {"projection", "projection_weight", DType::kFloat32, {8, 6}, 0x229201adu},
    {"projection", "second.bias", DType::kFloat32, {12}, 0x6869cf6bu},
    {"projection", "second.taps", DType::kFloat32, {12, 36}, 0x1400e578u},
    {"base_only", "classifier", DType::kFloat32, {12, 4}, 0x8c741eb6u},
    {"base_only", "first.bias", DType::kFloat32, {12}, 0x43c57224u},
    {"base_only", "first.taps", DType::kFloat32, {12, 24}, 0x8e525bfcu},
    {"base_only", "second.bias", DType::kFloat32, {12}, 0xd62e7800u},
    {"base_only", "second.taps", DType::kFloat32, {12, 36}, 0x2a54597bu},
    {"no_background", "classifier", DType::kFloat32, {12, 3}, 0x69db8b25u},
    {"no_background", "first.bias", DType::kBFloat16, {12}, 0xbc5a7f28u},
    {"no_background", "first.taps", DType::kBFloat16, {12, 24}, 0x7362b72fu},
    {"no_background", "second.bias", DType::kBFloat16, {12}, 0x589aeb82u},
    {"no_background", "second.taps", DType::kBFloat16, {12, 36}, 0x5df69463u},
};

std::string old_bundle(const std::string& name) { return TEST_DATA "/bundles_0_1/" + name + ".pt"; }

class OldBundle : public ::testing::TestWithParam<const char*> {};

TEST_P(OldBundle, HasTheTensorsThatTorchLoads) {
  const StoredNetwork network = open_network(old_bundle(GetParam()));
  std::size_t count = 0;
  for (const Expected& expected : kExpected) {
    if (expected.file != GetParam()) continue;
    ++count;
    ASSERT_EQ(network.tensors.count(expected.name), 1u) << expected.name;
    const StoredTensor& found = network.tensors.at(expected.name);
    EXPECT_EQ(found.dtype, expected.dtype) << expected.name;
    EXPECT_EQ(found.shape, expected.shape) << expected.name;
    EXPECT_EQ(crc32(found.bytes), expected.crc) << expected.name;
  }
  EXPECT_EQ(network.tensors.size(), count);
  EXPECT_GT(count, 4u);
}

INSTANTIATE_TEST_SUITE_P(All, OldBundle,
                         ::testing::Values("full", "bfloat16", "projection", "base_only",
                                           "no_background"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Weights, KnowTheBackgroundThatIsNoColumn) {
  EXPECT_EQ(open_network(old_bundle("no_background")).background_logit, 0.5);
  EXPECT_FALSE(open_network(old_bundle("full")).background_logit.has_value());
  EXPECT_EQ(open_network(old_bundle("projection")).metadata.score_function, "sigmoid");
}

TEST(Weights, AreHandedToTheEngineWithTheirOptions) {
  const StoredNetwork network = open_network(old_bundle("no_background"));
  const engine::NetworkWeights weights = weights_of(network);
  EXPECT_TRUE(weights.options.constant_background);
  EXPECT_EQ(weights.options.background_logit, 0.5f);
  EXPECT_FALSE(weights.options.has_filter);
  EXPECT_EQ(weights.options.num_classes, 3);
  EXPECT_EQ(weights.filter_weight.data, nullptr);
  EXPECT_EQ(weights.second.taps.data, network.tensors.at("second.taps").bytes.data());
  EXPECT_EQ(weights.second.taps.dtype, DType::kBFloat16);
  EXPECT_EQ(weights_of(open_network(old_bundle("bfloat16"))).options.activation,
            engine::Activation::kFused);
}

std::string bytes_of(const std::string& name) {
  std::ifstream file(old_bundle(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Every entry of an archive, to be put together anew; code is left out.
testing::Files entries_of(const std::string& bytes) {
  const Zip archive(bytes);
  testing::Files files;
  for (const ZipEntry& entry : archive.entries()) {
    if (entry.stored) files.emplace_back(entry.name, archive.stored(entry));
  }
  return files;
}

/// A file of its own for the test that runs.
std::string written(const std::string& bytes) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string path = ::testing::TempDir() + "basnet_rt_" + test->test_suite_name() +
                           test->name() + std::to_string(getpid());
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

void expect_refused(const std::string& bytes, const std::vector<std::string>& parts) {
  const std::string path = written(bytes);
  testing::expect_error([&] { open_network(path); }, ErrorCode::kBundle, parts);
}

/// The bundle "full" with one entry's first `from` replaced by `to`.
std::string changed(const std::string& entry, const std::string& from, const std::string& to) {
  testing::Files files = entries_of(bytes_of("full"));
  for (auto& [name, content] : files) {
    if (name != "bundle/" + entry) continue;
    const std::size_t at = content.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    content.replace(at, from.size(), to);
  }
  return testing::zip_of(files);
}

TEST(Weights, AreReadFromAnArchivePutTogetherAnew) {
  const std::string path = written(testing::zip_of(entries_of(bytes_of("full")), true));
  EXPECT_EQ(open_network(path).tensors.size(), 9u);
}

TEST(Weights, MustFitTheMetadataAndEachOther) {
  const auto refused = [](const char* from, const char* to, const char* part) {
    expect_refused(changed("extra/basnet_rt.json", from, to), {part});
  };
  refused("\"feature_dim\": 8", "\"feature_dim\": 9", "another feature_dim");
  refused("\"topk_divisor\": 8", "\"topk_divisor\": 7", "another topk_divisor");
  refused("\"activation\": \"raw\"", "\"activation\": \"fused\"", "another activation");
  refused("\"Run\",", "\"Run\", \"Fly\",", "another number of classes");
  // The first layer's 24 inputs said to be 23 by its shape and stride.
  expect_refused(changed("data.pkl", "K\x0cK\x18t", "K\x0cK\x17t"), {"not contiguous"});
  expect_refused(changed("data.pkl", "K\x0cK\x18t", "K\x0dK\x18t"), {"larger than its storage"});
  expect_refused(changed("data.pkl", "torch\nFloatStorage", "torch\nLongStorage"),
                 {"neither float32 nor bfloat16"});
  expect_refused(changed("data.pkl", "InferenceNetwork", "InferenceNetworks"),
                 {"not one that `basnet-train export` writes"});
  expect_refused(changed("byteorder", "little", "big"), {"little-endian"});
}

TEST(Weights, AreMissedByName) {
  testing::Files files = entries_of(bytes_of("full"));
  files.pop_back();
  for (std::size_t i = 0; i < files.size(); ++i) {
    testing::Files fewer = files;
    const std::string name = fewer[i].first;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    const std::string bytes = testing::zip_of(fewer);
    if (name.find("/data") == std::string::npos) continue;
    if (name == "bundle/data.pkl") expect_refused(bytes, {"no data.pkl"});
  }
  files.erase(files.begin() + 3);  // data/2, the filter's
  expect_refused(testing::zip_of(files), {"holds no data/2"});
}

TEST(Weights, HaveTheirChecksumsChecked) {
  std::string damaged = bytes_of("full");
  const auto network = open_network(old_bundle("full"));
  const std::string_view taps = network.tensors.at("second.taps").bytes;
  damaged[damaged.find(taps)] ^= 1;
  expect_refused(damaged, {"checksum of bundle/data/12 is wrong"});
}

TEST(Weights, SurviveEveryTruncation) {
  const std::string whole = bytes_of("no_background");
  for (std::size_t k = 0; k < 200; ++k) {
    expect_refused(whole.substr(0, whole.size() * k / 200), {"not a TorchScript file"});
  }
}

}  // namespace
}  // namespace basnet_rt::bundle
