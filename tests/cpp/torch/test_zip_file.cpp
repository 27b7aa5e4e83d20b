#include <gtest/gtest.h>

#include <sstream>

#include "bundle/zip_maker.h"
#include "saved/crc32.h"
#include "torch/bundle/zip_file.h"

namespace basnet_rt {
namespace {

TEST(ZipFile, CrcIsThatOfZlib) {
  EXPECT_EQ(crc32("123456789"), 0xcbf43926u);  // the check value of the catalogue of CRCs
  EXPECT_EQ(crc32("6789", crc32("12345")), 0xcbf43926u);
  EXPECT_EQ(crc32(""), 0u);
}

TEST(ZipFile, ReadsBackWhatItWrote) {
  std::istringstream file(
      testing::zip_of({{"a", "first"}, {"b/c", std::string(3000, 'x')}, {"d", ""}}));
  zip::Reader archive(file);
  ASSERT_EQ(archive.entries().size(), 3u);
  EXPECT_EQ(archive.entries()[1].name, "b/c");
  EXPECT_EQ(archive.read(archive.entries()[0]), "first");
  EXPECT_EQ(archive.read(archive.entries()[1]), std::string(3000, 'x'));
  EXPECT_EQ(archive.read(archive.entries()[2]), "");
}

/// Reads an archive whole, as a bundle is read.
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
  const std::string whole = testing::zip_of({{"first", "some bytes"}, {"second", "more"}});
  ASSERT_TRUE(readable(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(readable(whole.substr(0, size))) << size;
  }
}

TEST(ZipFile, SurvivesEveryDamagedByteAndNoticesThoseOfContents) {
  const std::string content(40, 'q');
  const std::string whole = testing::zip_of({{"first", content}, {"second", "more"}});
  const std::size_t begin = whole.find(content);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    const bool noticed = !readable(damaged);
    EXPECT_TRUE(noticed || i < begin || i >= begin + content.size()) << i;
  }
}

}  // namespace
}  // namespace basnet_rt
