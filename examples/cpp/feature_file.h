#pragma once

// Features as np.save writes them: float32, (T, F), rows one after the other.

#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

/// The rows of a .npy file, one after the other.
inline std::vector<float> read_features(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (bytes.size() < 10 || bytes.compare(0, 6, "\x93NUMPY") != 0 || bytes[6] != 1) {
    throw std::runtime_error(path + ": no .npy file of version 1");
  }
  const std::size_t length = static_cast<unsigned char>(bytes[8]) |
                             static_cast<std::size_t>(static_cast<unsigned char>(bytes[9])) << 8;
  const std::string header = bytes.substr(10, length);
  if (header.find("'<f4'") == std::string::npos || header.find("False") == std::string::npos) {
    throw std::runtime_error(path + ": expected float32 by rows, found " + header);
  }
  std::vector<float> values((bytes.size() - 10 - length) / sizeof(float));
  bytes.copy(reinterpret_cast<char*>(values.data()), values.size() * sizeof(float), 10 + length);
  return values;
}
