// Time of one batch in the native engine, for every dtype and kernel of this machine, beside
// the time that reading the weights takes. Weights are random, of the published sizes.
//
//   cmake --build build --target basnet_rt_engine_speed
//   basnet_rt_engine_speed [streams=1] [snippets=1] [threads=1] [rounds=25]
//
// A round runs every kernel once, so that a slow moment meets all alike. Times are processor time
// of the whole process where there is one thread, and the clock's otherwise.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <map>
#include <string>

#include "../../tests/cpp/engine/network_support.h"

using namespace basnet_rt::engine;

namespace {

struct Case {
  std::int64_t streams = 1, snippets = 1;
  int threads = 1, rounds = 25;
};

double now(const Case& size) {
  timespec time{};
  clock_gettime(size.threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

using Times = std::map<std::string, std::vector<double>>;

void take_time(Times& times, const std::string& name, const Case& size,
               const std::function<void()>& work) {
  const double start = now(size);
  work();
  times[name].push_back(now(size) - start);
}

std::uint64_t sum_of(const AlignedBytes& bytes) {
  const auto* values = reinterpret_cast<const std::uint64_t*>(bytes.data());
  std::uint64_t sums[8] = {};
  for (std::size_t i = 0; i + 8 <= bytes.size() / 8; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += values[i + lane];
  }
  return sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
}

void run(const Network& network, const std::string& dtype, const Case& size, Threads& threads,
         Times& times) {
  const auto features = testing::random_values(size.streams * size.snippets * 2048, 1.0f, 3);
  const AlignedBytes bytes(network.packed_bytes());
  std::memset(bytes.data(), 1, bytes.size());
  volatile std::uint64_t kept = 0;
  for (int round = 0; round < size.rounds; ++round) {
    take_time(times, dtype + " reading", size, [&] { kept = kept + sum_of(bytes); });
    for (const Kernel* kernel : testing::runnable_kernels()) {
      if (std::strcmp(kernel->name, "portable") == 0) continue;
      std::vector<StreamState> states(static_cast<std::size_t>(size.streams),
                                      network.initial_state());
      std::vector<StreamTurn> turns(states.size());
      for (std::size_t i = 0; i < turns.size(); ++i) {
        states[i].seen = 10;
        turns[i].state = &states[i];
        turns[i].features = features.data() + static_cast<std::int64_t>(i) * size.snippets * 2048;
        turns[i].num_snippets = size.snippets;
      }
      take_time(times, dtype + " " + kernel->name, size,
                [&] { network.step(turns, {*kernel, threads}); });
    }
  }
}

}  // namespace

int main(int count, char** values) {
  Case size;
  if (count > 1) size.streams = std::atoi(values[1]);
  if (count > 2) size.snippets = std::atoi(values[2]);
  if (count > 3) size.threads = std::atoi(values[3]);
  if (count > 4) size.rounds = std::atoi(values[4]);
  const testing::RandomNetwork random({2048, 2048, 512, 2048, 2048, 20}, {});
  Threads threads(size.threads);
  Times times;
  for (const auto& [dtype, name] :
       {std::pair{DType::kFloat32, "float32"}, std::pair{DType::kBFloat16, "bfloat16"},
        std::pair{DType::kInt8, "int8"}}) {
    run(Network(random.weights(), dtype), name, size, threads, times);
  }
  for (auto& [name, list] : times) {
    std::sort(list.begin(), list.end());
    std::printf("%-26s least %8.2f ms, median %8.2f ms\n", name.c_str(), list.front(),
                list[list.size() / 2]);
  }
}
