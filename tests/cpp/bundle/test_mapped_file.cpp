// The memory of a mapped file can be given back, and its bytes stay what they were.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "engine/bundle/mapped_file.h"

namespace basnet_rt::bundle {
namespace {

constexpr std::size_t kBytes = std::size_t{32} << 20;

class MappedFileMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    content_.resize(kBytes);
    for (std::size_t i = 0; i < kBytes; ++i) content_[i] = static_cast<char>(i * 7 / 5);
    // Each test runs in a process of its own, at the same time as others.
    path_ = ::testing::TempDir() + ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::ofstream(path_, std::ios::binary) << content_;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string content_;
  std::string path_;
};

/// Pages of this process that are in memory, in bytes; 0 where the system does not tell.
std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t pages = 0;
  file >> all >> pages;
  return pages * 4096;
}

TEST_F(MappedFileMemory, ReleasedBytesAreReadAgain) {
  const auto file = MappedFile::open(path_);
  ASSERT_TRUE(file->bytes() == content_);
  file->release(file->bytes().data() + 5000, kBytes - 5000);
  file->release(file->bytes().data(), 10);
  EXPECT_TRUE(file->bytes() == content_);
}

TEST_F(MappedFileMemory, ReleasedBytesTakeNoMemory) {
  const auto file = MappedFile::open(path_);
  ASSERT_TRUE(file->bytes() == content_);
  const std::size_t before = resident();
  if (before == 0) GTEST_SKIP() << "this system does not tell a process's memory";
  file->release(file->bytes().data(), kBytes);
  EXPECT_LT(resident() + kBytes / 2, before);
}

TEST_F(MappedFileMemory, OtherMemoryIsLeftAlone) {
  const auto file = MappedFile::open(path_);
  std::string other = content_;
  file->release(other.data(), other.size());
  EXPECT_TRUE(other == content_);
}

}  // namespace
}  // namespace basnet_rt::bundle
