// Tasks run once each, whoever runs them; failures come back; callers do not wait for each other.

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "engine/threads.h"

namespace basnet_rt::engine {
namespace {

TEST(Threads, EveryTaskOnce) {
  for (const int count : {1, 2, 5}) {
    Threads threads(count);
    EXPECT_EQ(threads.count(), count);
    for (const std::int64_t tasks : {0, 1, 2, 100}) {
      std::vector<std::atomic<int>> done(static_cast<std::size_t>(tasks));
      threads.run(tasks, [&](std::int64_t i) { ++done[static_cast<std::size_t>(i)]; });
      for (const auto& times : done) EXPECT_EQ(times, 1);
    }
  }
}

TEST(Threads, SmallestFailureIsThrown) {
  Threads threads(4);
  for (int round = 0; round < 50; ++round) {
    try {
      threads.run(20, [](std::int64_t i) {
        if (i % 7 == 3) throw std::runtime_error(std::to_string(i));
      });
      FAIL() << "expected an error";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "3");
    }
  }
}

TEST(Threads, ManyCallersAtOnce) {
  Threads threads(3);
  std::atomic<std::int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        threads.run(5, [&](std::int64_t i) { sum += i; });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 200 * 10);
}

// A forked child has the object and not its threads: it must neither hang nor lose tasks.
TEST(Threads, ForkedChildWorksAlone) {
  auto threads = std::make_unique<Threads>(3);
  std::atomic<int> done{0};
  threads->run(8, [&](std::int64_t) { ++done; });
  const pid_t child = fork();
  if (child == 0) {
    alarm(10);  // a hang ends as a signal
    done = 0;
    threads->run(8, [&](std::int64_t) { ++done; });
    threads.reset();
    _exit(done == 8 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace basnet_rt::engine
