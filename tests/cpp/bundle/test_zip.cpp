// Zip archives and what compresses them. What the reader must never do is find another archive in
// the bytes than TorchScript's reader finds, or read outside them.

#include <gtest/gtest.h>

#include <string>

#include "bundle/zip_maker.h"
#include "engine/bundle/bad_file.h"
#include "engine/bundle/inflate.h"
#include "engine/bundle/mapped_file.h"
#include "engine/bundle/zip.h"
#include "saved/crc32.h"

namespace basnet_rt::bundle {
namespace {

using testing::zip_of;

/// What the reader says of an archive whose every entry is read; empty where it reads it.
std::string complaint(const std::string& bytes) {
  try {
    const Zip archive(bytes);
    for (const ZipEntry& entry : archive.entries()) archive.unpacked(entry, 1 << 20);
    return "";
  } catch (const BadFile& error) {
    return error.what();
  }
}

void expect_refused(const std::string& bytes, const std::string& part) {
  EXPECT_NE(complaint(bytes).find(part), std::string::npos) << complaint(bytes);
}

TEST(BundleZip, CrcIsThatOfZlib) {
  EXPECT_EQ(crc32("123456789"), 0xcbf43926u);  // the check value of the catalogue of CRCs
  EXPECT_EQ(crc32("6789", crc32("12345")), 0xcbf43926u);
  EXPECT_EQ(crc32(""), 0u);
}

TEST(BundleZip, ReadsNamesAndBytesNarrowAndWide) {
  for (const bool wide : {false, true}) {
    const std::string bytes =
        zip_of({{"a", "first"}, {"b/c", std::string(3000, 'x')}, {"d", ""}}, wide);
    const Zip archive(bytes);
    ASSERT_EQ(archive.entries().size(), 3u);
    EXPECT_EQ(archive.stored(*archive.find("a")), "first");
    EXPECT_EQ(archive.stored(*archive.find("b/c")), std::string(3000, 'x'));
    EXPECT_EQ(archive.unpacked(*archive.find("d"), 0), "");
    EXPECT_EQ(archive.find("e"), nullptr);
    EXPECT_THROW(archive.unpacked(*archive.find("a"), 4), BadFile);
  }
}

TEST(BundleZip, RefusesEveryTruncationAndEveryAppendix) {
  for (const bool wide : {false, true}) {
    const std::string whole = zip_of({{"first", "some bytes"}, {"second", "more"}}, wide);
    ASSERT_EQ(complaint(whole), "");
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_NE(complaint(whole.substr(0, size)), "") << size;
      EXPECT_NE(complaint(whole.substr(size + 1)), "") << size;
    }
    expect_refused(whole + "x", "end is missing");
    EXPECT_NE(complaint("x" + whole), "");
  }
}

TEST(BundleZip, SurvivesEveryDamagedByteAndNoticesThoseOfContents) {
  const std::string content(40, 'q');
  const std::string whole = zip_of({{"first", content}, {"second", "more"}});
  const std::size_t begin = whole.find(content);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const char change : {'\x41', '\xff', '\x01'}) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ change);
      const bool noticed = !complaint(damaged).empty();
      EXPECT_TRUE(noticed || i < begin || i >= begin + content.size()) << i;
    }
  }
}

TEST(BundleZip, RefusesWhatTwoReadersWouldReadDifferently) {
  expect_refused(zip_of({{"m/code/a.py", "1"}, {"m/code/a.py", "2"}}), "two entries named");
  expect_refused(zip_of({{"m/code/a.py", "1"}, {"M/code/A.py", "2"}}), "two entries named");
  expect_refused(zip_of({{std::string("a\0b", 3), "1"}}), "zero byte");

  std::string renamed = zip_of({{"first", "1"}});
  renamed.replace(renamed.find("first"), 5, "other");  // in the local header alone
  expect_refused(renamed, "does not fit its directory");

  // A second, complete archive behind the first: readers differ in which they take.
  const std::string one = zip_of({{"first", "1"}});
  expect_refused(one + one, "directory is not where");
  std::string commented = one + one;
  commented[one.size() - 2] = static_cast<char>(one.size());
  expect_refused(commented, "directory is not where");
}

TEST(BundleZip, RefusesEntriesThatOverlap) {
  std::string bytes = zip_of({{"a", "same"}, {"a", "same"}});
  const std::size_t second = bytes.rfind("PK\x01\x02");
  bytes.replace(second + 42, 4, std::string(4, '\0'));  // both begin at 0
  expect_refused(bytes, "overlap");
}

TEST(BundleZip, RefusesOtherMethodsAndSecrets) {
  std::string packed = zip_of({{"a", "same"}});
  const std::size_t entry = packed.find("PK\x01\x02");
  for (const std::size_t at : {std::size_t{8}, entry + 10}) packed[at] = 12;
  expect_refused(packed, "method 12");
  std::string secret = zip_of({{"a", "same"}});
  secret[secret.find("PK\x01\x02") + 8] = 1;
  expect_refused(secret, "encrypted");
}

TEST(Inflate, UnpacksEveryKindOfBlock) {
  EXPECT_EQ(inflate(std::string("\x01\x03\x00\xfc\xff"
                                "abc",
                                8),
                    3),
            "abc");                                                              // stored
  EXPECT_EQ(inflate(std::string("\x4b\x4c\x4a\x06\x00", 5), 3), "abc");          // fixed codes
  EXPECT_EQ(inflate(std::string("\x4b\x4c\x84\x01\x00", 5), 10), "aaaaaaaaaa");  // with a copy
}

TEST(Inflate, UnpacksTheCodeOfABundle) {  // by libtorch's own compressor, in dynamic codes
  const auto file = MappedFile::open(TEST_DATA "/bundles_0_1/full.pt");
  const Zip archive(file->bytes());
  int compressed = 0;
  for (const ZipEntry& entry : archive.entries()) {
    if (entry.stored) continue;
    ++compressed;  // the checksum is the oracle
    EXPECT_EQ(archive.unpacked(entry, 1 << 20).size(), entry.size);
    EXPECT_THROW(archive.stored(entry), BadFile);
    const std::string_view packed = file->bytes().substr(static_cast<std::size_t>(entry.offset),
                                                         static_cast<std::size_t>(entry.packed));
    EXPECT_THROW(inflate(packed, static_cast<std::size_t>(entry.size) - 1), BadFile);
    EXPECT_THROW(inflate(packed, static_cast<std::size_t>(entry.size) + 1), BadFile);
    EXPECT_THROW(inflate(packed.substr(0, packed.size() / 2), entry.size), BadFile);
  }
  EXPECT_GE(compressed, 2);
}

TEST(Inflate, RefusesWhatIsNoStream) {
  for (const std::string& bytes : {std::string(), std::string("\x07"), std::string("\xff\xff\xff"),
                                   std::string("\x03\x01"), std::string(40, '\x05')}) {
    EXPECT_THROW(inflate(bytes, 3), BadFile);
  }
}

}  // namespace
}  // namespace basnet_rt::bundle
