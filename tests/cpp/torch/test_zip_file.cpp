#include <gtest/gtest.h>

#include <sstream>

#include "torch/bundle/zip_file.h"
#include "torch/stream/array_file.h"
#include "torch/torch_support.h"

namespace basnet_rt {
namespace {

TEST(ZipFile, CrcIsThatOfZlib) {
  EXPECT_EQ(zip::crc32("123456789"), 0xcbf43926u);  // the check value of the catalogue of CRCs
  EXPECT_EQ(zip::crc32("6789", zip::crc32("12345")), 0xcbf43926u);
  EXPECT_EQ(zip::crc32(""), 0u);
}

TEST(ZipFile, ReadsBackWhatItWrote) {
  std::istringstream file(zip::write({{"a", "first"}, {"b/c", std::string(3000, 'x')}, {"d", ""}}));
  zip::Reader archive(file);
  ASSERT_EQ(archive.entries().size(), 3u);
  EXPECT_EQ(archive.entries()[1].name, "b/c");
  EXPECT_EQ(archive.read(archive.entries()[0]), "first");
  EXPECT_EQ(archive.read(archive.entries()[1]), std::string(3000, 'x'));
  EXPECT_EQ(archive.read(archive.entries()[2]), "");
}

/// Reads an archive whole, as a bundle or a saved state is read.
bool readable(const std::string& bytes) {
  std::istringstream file(bytes);
  try {
    zip::Reader archive(file);
    for (const zip::Entry& entry : archive.entries()) archive.check(entry);
    return archive.entries().size() == 2;
  } catch (const zip::BadZip&) {
    return false;
  }
}

TEST(ZipFile, RefusesEveryTruncation) {
  const std::string whole = zip::write({{"first", "some bytes"}, {"second", "more"}});
  ASSERT_TRUE(readable(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(readable(whole.substr(0, size))) << size;
  }
}

TEST(ZipFile, SurvivesEveryDamagedByteAndNoticesThoseOfContents) {
  const std::string content(40, 'q');
  const std::string whole = zip::write({{"first", content}, {"second", "more"}});
  const std::size_t begin = whole.find(content);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    const bool noticed = !readable(damaged);
    EXPECT_TRUE(noticed || i < begin || i >= begin + content.size()) << i;
  }
}

TEST(ArrayFile, ReadsBackWhatItWrote) {
  const std::string bytes =
      write_arrays({scalar_array("count", -7), {"a", "<f4", {2, 1}, "12345678"}});
  const auto arrays = read_arrays(bytes);
  EXPECT_EQ(find_scalar(arrays, "count"), -7);
  EXPECT_EQ(find_array(arrays, "a").shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(find_array(arrays, "a").bytes, "12345678");
  testing::expect_error([&] { find_scalar(arrays, "b"); }, ErrorCode::kInvalidState, {"b"});
}

TEST(ArrayFile, RefusesArraysWhoseBytesDoNotFitTheirShape) {
  const std::string huge = write_arrays({{"a", "<f4", {1 << 30, 1 << 30}, "1234"}});
  testing::expect_error([&] { read_arrays(huge); }, ErrorCode::kInvalidState, {"too large"});
  const std::string small = write_arrays({{"a", "<f4", {3}, "1234"}});
  testing::expect_error([&] { read_arrays(small); }, ErrorCode::kInvalidState, {"do not fit"});
  const std::string kind = write_arrays({{"a", "|O", {1}, "1234"}});
  testing::expect_error([&] { read_arrays(kind); }, ErrorCode::kInvalidState, {"|O"});
}

}  // namespace
}  // namespace basnet_rt
