#include "engine/bundle/safetensors.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "engine/bundle/bad_file.h"
#include "json/reader.h"
#include "json/writer.h"
#include "saved/crc32.h"

namespace basnet_rt::bundle {
namespace {

using json::Kind;
using json::Value;

constexpr std::size_t kSizeBytes = 8;
constexpr std::size_t kLongestHeader = std::size_t{16} << 20;
constexpr std::size_t kMostTensors = 1000;
constexpr std::string_view kMetadataName = "basnet_rt.json";

std::uint64_t header_size(std::string_view bytes) {
  std::uint64_t size = 0;
  for (std::size_t i = kSizeBytes; i-- > 0;)
    size = size << 8 | static_cast<unsigned char>(bytes[i]);
  return size;
}

Value header_of(std::string_view text) {
  json::Limits limits;
  limits.bytes = kLongestHeader;
  try {
    Value header = json::read(text, limits);
    if (!header.is(Kind::kObject)) throw BadFile("its header is no JSON object");
    return header;
  } catch (const json::BadJson& error) {
    throw BadFile(std::string("its header is not JSON: ") + error.what());
  }
}

const Value& field(const json::Member& tensor, const char* name, Kind kind) {
  const Value* const found = tensor.value.find(name);
  if (found == nullptr || !found->is(kind)) {
    throw BadFile("the header of " + json::quoted(tensor.name.substr(0, 100)) + " has no " + name);
  }
  return *found;
}

DType dtype_of(const json::Member& tensor) {
  const std::string& name = field(tensor, "dtype", Kind::kString).text;
  if (name == "F32") return DType::kFloat32;
  if (name == "BF16") return DType::kBFloat16;
  if (name == "I8") return DType::kInt8;
  throw BadFile(tensor.name.substr(0, 100) + " is of dtype " + name.substr(0, 20) +
                "; F32, BF16 and I8 are read");
}

/// Whole numbers of at least 0, and at most 2^40: no product of two overflows.
std::vector<std::int64_t> counts(const json::Member& tensor, const char* name) {
  std::vector<std::int64_t> values;
  for (const Value& value : field(tensor, name, Kind::kArray).items) {
    if (!value.integer || *value.integer < 0 || *value.integer > std::int64_t{1} << 40) {
      throw BadFile("the header of " + tensor.name.substr(0, 100) + " has an impossible " + name);
    }
    values.push_back(*value.integer);
  }
  return values;
}

/// The begin and the end of one tensor's bytes, counted from the end of the header.
struct Range {
  std::int64_t begin;
  std::int64_t end;
};

Range range_of(const json::Member& tensor, const StoredTensor& stored) {
  const std::vector<std::int64_t> offsets = counts(tensor, "data_offsets");
  std::int64_t size = size_of(stored.dtype);
  for (const std::int64_t count : stored.shape) {
    if (count != 0 && size > (std::int64_t{1} << 40) / count) {
      throw BadFile("the shape of " + tensor.name.substr(0, 100) + " is too large");
    }
    size *= count;
  }
  if (offsets.size() != 2 || offsets[1] < offsets[0] || offsets[1] - offsets[0] != size) {
    throw BadFile("the place of " + tensor.name.substr(0, 100) + " does not fit its shape");
  }
  return {offsets[0], offsets[1]};
}

void check_ranges(std::vector<Range> ranges, std::size_t size) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::int64_t end = 0;
  for (const Range& range : ranges) {
    if (range.begin != end) throw BadFile("its tensors overlap, or leave a gap");
    end = range.end;
  }
  if (end != static_cast<std::int64_t>(size)) throw BadFile("its tensors do not fill it");
}

void read_texts(const Value& texts, std::string_view data, Safetensors& file) {
  if (!texts.is(Kind::kObject)) throw BadFile("its __metadata__ is no JSON object");
  for (const json::Member& member : texts.members) {
    if (!member.value.is(Kind::kString)) throw BadFile("its __metadata__ holds more than texts");
  }
  if (const Value* text = texts.find(kMetadataName)) file.metadata = text->text;
  const Value* const wanted = texts.find("crc32");
  if (wanted == nullptr) return;
  std::string found;
  const std::uint32_t crc = crc32(data);
  for (int shift = 28; shift >= 0; shift -= 4) found += "0123456789abcdef"[crc >> shift & 15];
  if (wanted->text != found) throw BadFile("damaged: the checksum of its tensors is wrong");
}

}  // namespace

bool looks_like_safetensors(std::string_view bytes) {
  return bytes.size() > kSizeBytes && bytes[kSizeBytes] == '{' && bytes.substr(0, 2) != "PK";
}

Safetensors read_safetensors(std::string_view bytes) {
  if (!looks_like_safetensors(bytes)) throw BadFile("no safetensors file");
  const std::uint64_t size = header_size(bytes);
  if (size > kLongestHeader) {
    throw BadFile("its header says to have " + std::to_string(size) + " bytes; at most " +
                  std::to_string(kLongestHeader) + " are read");
  }
  if (size > bytes.size() - kSizeBytes) throw BadFile("it is truncated");
  const Value header = header_of(bytes.substr(kSizeBytes, static_cast<std::size_t>(size)));
  if (header.members.size() > kMostTensors) throw BadFile("it holds too many tensors");
  const std::string_view data = bytes.substr(kSizeBytes + static_cast<std::size_t>(size));
  Safetensors file;
  std::vector<Range> ranges;
  for (const json::Member& member : header.members) {
    if (member.name == "__metadata__") continue;
    StoredTensor tensor;
    tensor.dtype = dtype_of(member);
    tensor.shape = counts(member, "shape");
    ranges.push_back(range_of(member, tensor));
    const auto [begin, end] = ranges.back();
    if (end > static_cast<std::int64_t>(data.size())) throw BadFile("it is truncated");
    tensor.bytes =
        data.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    file.tensors[member.name] = std::move(tensor);
  }
  check_ranges(std::move(ranges), data.size());
  if (const Value* texts = header.find("__metadata__")) read_texts(*texts, data, file);
  return file;
}

}  // namespace basnet_rt::bundle
