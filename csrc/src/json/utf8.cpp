#include "json/utf8.h"

namespace basnet_rt::json {
namespace {

/// The range of the second byte, which depends on the first; later bytes are in 80..BF.
struct Second {
  unsigned low = 0x80;
  unsigned high = 0xBF;
};

Second second_of(unsigned first) {
  switch (first) {
    case 0xE0:
      return {0xA0, 0xBF};
    case 0xED:
      return {0x80, 0x9F};
    case 0xF0:
      return {0x90, 0xBF};
    case 0xF4:
      return {0x80, 0x8F};
    default:
      return {};
  }
}

std::size_t size_by_first(unsigned first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

unsigned byte_of(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

}  // namespace

std::size_t code_point_size(std::string_view text) {
  if (text.empty()) return 0;
  const std::size_t size = size_by_first(byte_of(text, 0));
  if (size < 2) return size;
  if (text.size() < size) return 0;
  const Second range = second_of(byte_of(text, 0));
  if (byte_of(text, 1) < range.low || byte_of(text, 1) > range.high) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (byte_of(text, i) < 0x80 || byte_of(text, i) > 0xBF) return 0;
  }
  return size;
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto add = [&](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 | code >> 6);
    add(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    add(0xE0 | code >> 12);
    add(0x80 | (code >> 6 & 0x3F));
    add(0x80 | (code & 0x3F));
  } else {
    add(0xF0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3F));
    add(0x80 | (code >> 6 & 0x3F));
    add(0x80 | (code & 0x3F));
  }
}

}  // namespace basnet_rt::json
