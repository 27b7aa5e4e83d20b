// Runs a target on its seeds, on mutated seeds and on noise.
//
// usage: fuzz_NAME RUNS SEED
// Prints the failing run, so that `fuzz_NAME RUN SEED` shows it again as the last one.

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "fuzz.h"

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t count) { return random() % count; }

std::string noise(Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// A number of eight bytes that sizes, indices and times get wrong.
std::string wild_number(Random& random) {
  static const std::uint64_t kWild[] = {0,
                                        1,
                                        ~0ull,
                                        1ull << 31,
                                        1ull << 62,
                                        ~0ull >> 1,
                                        0x7FF0000000000000ull,  // infinity
                                        0x7FF8000000000000ull,  // NaN
                                        0x7FE0000000000000ull};
  const std::uint64_t value = kWild[below(random, std::size(kWild))];
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

void mutate_once(Random& random, std::string& bytes) {
  if (bytes.empty()) bytes = noise(random, 8);
  const std::size_t at = below(random, bytes.size());
  switch (below(random, 6)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
      return;
    case 1:
      bytes[at] = static_cast<char>(random());
      return;
    case 2:
      bytes.erase(at, 1 + below(random, 16));
      return;
    case 3:
      bytes.insert(at, noise(random, 1 + below(random, 16)));
      return;
    case 4:
      bytes.resize(at);
      return;
    default:
      bytes.replace(at - at % 8, 8, wild_number(random));
  }
}

std::string input(Random& random, const std::vector<std::string>& seeds, std::size_t run) {
  if (run < seeds.size()) return seeds[run];
  if (seeds.empty() || below(random, 8) == 0) return noise(random, below(random, 600));
  std::string bytes = seeds[below(random, seeds.size())];
  for (std::size_t i = below(random, 4) + 1; i-- > 0;) mutate_once(random, bytes);
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s RUNS SEED\n", argv[0]);
    return 2;
  }
  const auto runs = std::strtoull(argv[1], nullptr, 10);
  Random random(std::strtoull(argv[2], nullptr, 10));
  const std::vector<std::string> seeds = basnet_rt::fuzz::starts();
  for (std::size_t run = 0; run < runs; ++run) {
    const std::string bytes = input(random, seeds, run);
    try {
      basnet_rt::fuzz::run(bytes);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "run %zu of %zu bytes: %s\n", run + 1, bytes.size(), error.what());
      return 1;
    }
  }
  return 0;
}
