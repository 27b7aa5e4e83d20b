#include "digest.h"

#include <openssl/evp.h>

#include <stdexcept>

namespace service {

std::string sha256(const std::string& bytes) {
  std::string out(32, '\0');
  unsigned int size = 0;
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  if (EVP_Digest(bytes.data(), bytes.size(), to, &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 cannot be computed");
  }
  return out;
}

std::string hex(const std::string& bytes) {
  std::string out;
  for (const unsigned char byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

}  // namespace service
