// Runs a target under libFuzzer, which keeps the inputs that reach new code.
//
// usage: fuzz_NAME FOLDER [libFuzzer's options]; the folder's files are where it starts. With
// `--seeds` before the folder the target's own seeds, and those kept, are written there first.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>

#include "fuzz.h"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc < 3 || std::string_view((*argv)[1]) != "--seeds") return 0;
  std::size_t count = 0;
  for (const std::string& seed : basnet_rt::fuzz::starts()) {
    const std::string path = std::string((*argv)[2]) + "/seed" + std::to_string(count++);
    std::ofstream(path, std::ios::binary) << seed;
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  try {
    basnet_rt::fuzz::run({reinterpret_cast<const char*>(bytes), size});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::abort();
  }
  return 0;
}
