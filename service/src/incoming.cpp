#include "incoming.h"

#include <cmath>
#include <cstring>

#include "refusal.h"

namespace service {
namespace {

namespace v1 = basnet_rt::v1;

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "packed rows are little endian");

constexpr std::int64_t kMaxGap = std::int64_t{1} << 60;  // what the pool's indices can hold
constexpr std::size_t kMinToken = 8, kMaxToken = 64;     // bytes

/// IEEE 754 binary16; exact.
float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16;
  const int exponent = (half >> 10) & 0x1f;
  const std::uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0) {  // zero or denormal
    const float small = std::ldexp(static_cast<float>(mantissa), -24);
    return sign != 0 ? -small : small;
  }
  const std::uint32_t wide = exponent == 31 ? 255u : static_cast<std::uint32_t>(exponent + 112);
  const std::uint32_t bits = sign | (wide << 23) | (mantissa << 13);
  float value = 0.0f;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

void check_channels(std::int64_t channels, std::int64_t feature_dim) {
  if (channels == 0 || channels == feature_dim) return;
  throw bad_input("rows have " + std::to_string(channels) + " channels; the model takes " +
                  std::to_string(feature_dim) + " (Describe: feature_dim)");
}

void check_size(std::size_t bytes, std::int64_t feature_dim, std::size_t width) {
  const std::size_t row = static_cast<std::size_t>(feature_dim) * width;
  if (bytes % row == 0) return;
  throw bad_input("rows hold " + std::to_string(bytes) + " bytes; a snippet has " +
                  std::to_string(feature_dim) + " channels of " + std::to_string(width) +
                  " bytes, so it must be a multiple of " + std::to_string(row));
}

OpenRequest parse_open(const v1::Open& open) {
  const std::size_t size = open.token().size();
  if (size != 0 && (size < kMinToken || size > kMaxToken)) {
    throw bad_input("token has " + std::to_string(size) + " bytes; it must have 8 to 64, or none");
  }
  if (open.durable() < 0 || open.pending_every() < 0) {
    throw bad_input("durable and pending_every must be at least 0");
  }
  return {open.token(), open.durable(), open.pending_every()};
}

Missing parse_gap(const v1::Gap& gap) {
  if (gap.snippets() < 1 || gap.snippets() > kMaxGap) {
    throw bad_input("gap.snippets is " + std::to_string(gap.snippets()) +
                    "; a gap is of at least one snippet");
  }
  return {gap.first_snippet(), gap.snippets()};
}

EndRequest parse_end(const v1::End& end) {
  if (!end.has_duration()) return {};
  if (!std::isfinite(end.duration()) || end.duration() <= 0) {
    throw bad_input("end.duration is " + std::to_string(end.duration()) +
                    "; it must be positive and finite");
  }
  return {end.duration()};
}

}  // namespace

std::vector<float> decode_rows(const v1::Rows& rows, std::int64_t feature_dim) {
  check_channels(rows.channels(), feature_dim);
  if (rows.encoding_case() == v1::Rows::kFloat16) {
    const std::string& bytes = rows.float16();
    check_size(bytes.size(), feature_dim, sizeof(std::uint16_t));
    std::vector<float> out(bytes.size() / sizeof(std::uint16_t));
    for (std::size_t i = 0; i < out.size(); ++i) {
      std::uint16_t half = 0;
      std::memcpy(&half, bytes.data() + i * sizeof half, sizeof half);
      out[i] = from_half(half);
    }
    return out;
  }
  const std::string& bytes = rows.float32();  // empty where nothing is set
  check_size(bytes.size(), feature_dim, sizeof(float));
  std::vector<float> out(bytes.size() / sizeof(float));
  if (!out.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
  return out;
}

Incoming parse(const v1::StreamRequest& request, std::int64_t feature_dim) {
  Incoming out;
  out.received = request.received();
  switch (request.request_case()) {
    case v1::StreamRequest::kOpen:
      out.what = parse_open(request.open());
      break;
    case v1::StreamRequest::kFeatures:
      out.what = Chunk{request.features().first_snippet(),
                       decode_rows(request.features().rows(), feature_dim)};
      break;
    case v1::StreamRequest::kGap:
      out.what = parse_gap(request.gap());
      break;
    case v1::StreamRequest::kEnd:
      out.what = parse_end(request.end());
      break;
    case v1::StreamRequest::REQUEST_NOT_SET:
      break;
  }
  return out;
}

}  // namespace service
