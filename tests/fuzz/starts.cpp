#include <fstream>

#include "fuzz.h"

namespace basnet_rt::fuzz {
namespace {

/// The bytes of a line of hexadecimal digits.
std::string bytes_of(const std::string& line) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

}  // namespace

std::vector<std::string> starts() {
  std::vector<std::string> found = seeds();
  std::ifstream file(FUZZ_CORPUS);  // not every target has one
  for (std::string line; std::getline(file, line);) found.push_back(bytes_of(line));
  return found;
}

}  // namespace basnet_rt::fuzz
