#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "basnet_rt/model.h"
#include "bundle/zip_maker.h"
#include "engine/bundle/zip.h"
#include "torch/torch_support.h"

namespace basnet_rt {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A file of its own for the test that runs.
std::string written(const std::string& bytes) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string path =
      ::testing::TempDir() + "basnet_rt_" + test->name() + std::to_string(getpid()) + ".pt";
  std::ofstream(path, std::ios::binary) << bytes;
  return path;
}

void expect_refused(const std::string& path, const std::vector<std::string>& parts) {
  testing::expect_error([&] { Model::load(path); }, ErrorCode::kBundle, parts);
}

TEST(Load, KnowsItsMetadataNameDeviceAndKind) {
  const Model model = Model::load(testing::bundle("model.pt"));
  EXPECT_EQ(model.metadata().classes, (std::vector<std::string>{"Jump", "Run", "Swim"}));
  EXPECT_EQ(model.metadata().feature_dim, testing::kFeatureDim);
  EXPECT_EQ(model.metadata().postprocess.gate, Gate::kNone);
  EXPECT_EQ(model.name(), "model.pt");
  EXPECT_EQ(model.device(), "cpu");
  EXPECT_EQ(model.dtype(), "float32");
  EXPECT_EQ(read_metadata(testing::bundle("model.pt")).json, model.metadata().json);
}

TEST(Load, RefusesWhatIsNoBundle) {
  expect_refused("/no/such/file.pt", {"/no/such/file.pt", "no such file"});
  expect_refused(::testing::TempDir(), {"no such file"});
  expect_refused(written("neither zip nor anything"), {"not a TorchScript file"});
  expect_refused(written(""), {"not a TorchScript file"});
  expect_refused(written(testing::zip_of({{"m/data.pkl", "x"}})), {"without basnet_rt.json"});
}

TEST(Load, RefusesAForeignArchiveWithOurMetadata) {
  const std::string json = Model::load(testing::bundle("model.pt")).metadata().json;
  expect_refused(written(testing::zip_of({{"m/extra/basnet_rt.json", json}})),
                 {"not a TorchScript file"});
}

TEST(Load, RefusesTruncation) {
  const std::string whole = read(testing::bundle("model.pt"));
  for (std::size_t k = 0; k < 20; ++k) {
    expect_refused(written(whole.substr(0, whole.size() * k / 20)), {"not a TorchScript file"});
  }
}

TEST(Load, NoticesDamageInEveryEntryAndNeverCrashes) {
  const std::string whole = read(testing::bundle("model.pt"));
  int refused = 0;
  for (std::size_t k = 0; k < 40; ++k) {
    std::string damaged = whole;
    damaged[whole.size() * (2 * k + 1) / 80] ^= 0x10;
    try {
      Model::load(written(damaged));  // a byte of padding may be anything
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kBundle) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 10);
}

TEST(Load, NamesTheEntryWhoseBytesChanged) {
  std::string damaged = read(testing::bundle("model.pt"));
  const std::string whole = damaged;
  const bundle::Zip archive(whole);
  int tried = 0;
  for (const bundle::ZipEntry& entry : archive.entries()) {
    if (entry.size < 8 || entry.name.find("basnet_rt.json") != std::string::npos) continue;
    const auto inside = static_cast<std::size_t>(entry.offset) + 4;
    damaged[inside] ^= 0x04;
    expect_refused(written(damaged), {"damaged"});
    if (entry.stored) expect_refused(written(damaged), {entry.name});
    damaged[inside] ^= 0x04;
    ++tried;
  }
  EXPECT_GT(tried, 10);
}

TEST(Load, RefusesOtherDevicesAndKinds) {
  const std::string path = testing::bundle("model.pt");
  testing::expect_invalid([&] { Model::load(path, {"abacus", {}}); }, {"device", "abacus"});
  testing::expect_invalid([&] { Model::load(path, {"cuda:99", {}}); }, {"device", "cuda:99"});
  testing::expect_invalid([&] { Model::load(path, {"cpu", "float16"}); },
                          {"dtype", "float16", "float32, bfloat16"});
}

TEST(Load, RunsForeignCodeOnlyWhereItIsTrusted) {
  // The bundle with one digit of its code changed; checksums fit.
  const std::string whole = read(testing::bundle("model.pt"));
  const bundle::Zip archive(whole);
  testing::Files files;
  for (const bundle::ZipEntry& entry : archive.entries()) {
    files.emplace_back(entry.name, archive.unpacked(entry, 1 << 20));
    std::string& content = files.back().second;
    const std::size_t at = content.find("torch.mul(torch.add(probabilities, _21), 0.5)");
    if (at != std::string::npos) content.replace(content.find("0.5", at), 3, "0.7");
  }
  const std::string path = written(testing::zip_of(files));
  expect_refused(path, {"its code is none that", "trust_code"});
  ModelOptions options;
  options.trust_code = true;
  EXPECT_EQ(Model::load(path, options).metadata().num_classes(), 3);
}

}  // namespace
}  // namespace basnet_rt
