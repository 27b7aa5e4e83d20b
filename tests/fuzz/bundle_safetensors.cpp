// safetensors files: read, or refused; every tensor found lies in the bytes.

#include <stdexcept>

#include "bundle/zip_maker.h"
#include "engine/bundle/bad_file.h"
#include "engine/bundle/safetensors.h"
#include "fuzz.h"

namespace basnet_rt::fuzz {
namespace {

std::string file_of(const std::string& header, std::size_t data) {
  return testing::little(header.size(), 8) + header + std::string(data, '\x01');
}

}  // namespace

std::vector<std::string> seeds() {
  return {
      file_of(R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})", 24),
      file_of(R"({"__metadata__":{"basnet_rt.json":"{}","crc32":"00000000"}})", 0),
      file_of(R"({"a":{"dtype":"I8","shape":[],"data_offsets":[0,1]},)"
              R"("b":{"dtype":"BF16","shape":[0,5],"data_offsets":[1,1]},)"
              R"("c":{"dtype":"BF16","shape":[1,2,2],"data_offsets":[1,9]}})",
              9),
  };
}

void run(std::string_view bytes) {
  try {
    const bundle::Safetensors file = bundle::read_safetensors(bytes);
    std::size_t sum = 0;
    for (const auto& [name, tensor] : file.tensors) {
      if (tensor.bytes.empty()) continue;
      if (tensor.bytes.data() < bytes.data() ||
          tensor.bytes.data() + tensor.bytes.size() > bytes.data() + bytes.size()) {
        throw std::runtime_error("a tensor outside the file");
      }
      sum += tensor.bytes.size();
    }
    if (sum > bytes.size()) throw std::runtime_error("tensors overlap");
  } catch (const bundle::BadFile&) {
  }
}

}  // namespace basnet_rt::fuzz
