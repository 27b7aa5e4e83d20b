#include "json/writer.h"

#include "json/utf8.h"

namespace basnet_rt::json {
namespace {

constexpr std::size_t kShown = 200;
constexpr std::size_t kLongestCodePoint = 4;

void append_quoted(std::string& to, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  to += '"';
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') {
      to += '\\';
      to += letter;
    } else if (byte < 0x20) {
      to += "\\u00";
      to += kHex[byte >> 4];
      to += kHex[byte & 15];
    } else {
      to += letter;
    }
  }
  to += '"';
}

// Recursion is bounded, because the reader limits the depth of values.
void append(std::string& to, const Value& value, std::size_t enough) {
  if (to.size() > enough) return;
  switch (value.kind) {
    case Kind::kNull:
      to += "null";
      return;
    case Kind::kBool:
      to += value.truth ? "true" : "false";
      return;
    case Kind::kNumber:
      to += value.text;
      return;
    case Kind::kString:
      append_quoted(to, std::string_view(value.text).substr(0, enough + kLongestCodePoint));
      return;
    case Kind::kArray:
      to += '[';
      for (std::size_t i = 0; i < value.items.size() && to.size() <= enough; ++i) {
        if (i > 0) to += ", ";
        append(to, value.items[i], enough);
      }
      to += ']';
      return;
    case Kind::kObject:
      to += '{';
      for (std::size_t i = 0; i < value.members.size() && to.size() <= enough; ++i) {
        if (i > 0) to += ", ";
        append_quoted(to, value.members[i].name);
        to += ": ";
        append(to, value.members[i].value, enough);
      }
      to += '}';
      return;
  }
}

}  // namespace

std::string write(const Value& value) {
  std::string text;
  append(text, value, std::string::npos / 2);
  return text;
}

std::string quoted(std::string_view text) {
  std::string to;
  append_quoted(to, text);
  return to;
}

std::string shown(const Value& value) {
  std::string text;
  append(text, value, kShown);
  if (text.size() <= kShown) return text;
  std::size_t cut = 0;  // between code points
  while (cut < kShown) {
    const std::size_t size = code_point_size(std::string_view(text).substr(cut));
    cut += size == 0 ? 1 : size;
  }
  return text.substr(0, cut) + "...";
}

}  // namespace basnet_rt::json
