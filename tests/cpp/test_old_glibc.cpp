// The names of csrc/bindings/old_glibc.cpp, linked into this program: they do what glibc's do.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Catches an end of a wait on the wrong clock: too early, or decades away.
TEST(OldGlibc, WaitsEndWhenTheyShould) {
  std::mutex mutex;
  std::condition_variable condition;
  std::unique_lock<std::mutex> lock(mutex);
  const auto until = steady_clock::now() + milliseconds(30);
  EXPECT_FALSE(condition.wait_until(lock, until, [] { return false; }));
  EXPECT_GE(steady_clock::now(), until);
  EXPECT_FALSE(condition.wait_until(lock, steady_clock::time_point(), [] { return false; }));
}

TEST(OldGlibc, ANotifiedWaitEndsBefore) {
  std::mutex mutex;
  std::condition_variable condition;
  bool ready = false;
  std::thread other([&] {
    const std::lock_guard<std::mutex> lock(mutex);
    ready = true;
    condition.notify_one();
  });
  std::unique_lock<std::mutex> lock(mutex);
  EXPECT_TRUE(condition.wait_for(lock, std::chrono::hours(1), [&] { return ready; }));
  EXPECT_FALSE(mutex.try_lock());
  lock.unlock();
  other.join();
}

TEST(OldGlibc, OnceIsOnce) {
  static std::once_flag flag;
  int times = 0;
  for (int i = 0; i < 3; ++i) std::call_once(flag, [&] { ++times; });
  EXPECT_EQ(times, 1);
}

TEST(OldGlibc, ExpAndPowAreThoseOfTheSystem) {
  volatile double x = 0.75, y = 2.5;  // not known to the compiler
  EXPECT_DOUBLE_EQ(std::exp(x), 2.117000016612675);
  EXPECT_DOUBLE_EQ(std::pow(x, y), 0.48713928962874675);
  EXPECT_EQ(std::exp(-1e4 * x), 0.0);
  EXPECT_TRUE(std::isinf(std::exp(1e4 * x)));
}

TEST(OldGlibc, FilesHaveTheirSizes) {
  const std::string path = testing::TempDir() + "old_glibc_size";
  std::ofstream(path) << "12345";
  EXPECT_EQ(std::filesystem::file_size(path), 5u);
  struct stat found{};
  ASSERT_EQ(stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_size, 5);
  ASSERT_EQ(lstat(path.c_str(), &found), 0);
  EXPECT_TRUE(S_ISREG(found.st_mode));
  std::filesystem::remove(path);
  EXPECT_NE(stat(path.c_str(), &found), 0);
}
