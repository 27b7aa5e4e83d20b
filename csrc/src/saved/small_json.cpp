#include "saved/small_json.h"

#include <algorithm>
#include <cstdint>
#include <locale>
#include <sstream>

#include "basnet_rt/error.h"

// Source: RFC 8259.

namespace basnet_rt {
namespace {

constexpr int kDeepest = 16;

[[noreturn]] void refuse() {
  throw Error(ErrorCode::kInvalidState, "saved state is damaged: its description cannot be read");
}

void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;  // bytes behind the first
  const std::uint32_t marks[] = {0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(marks[more] | code >> (6 * more));
  for (int i = more; i-- > 0;) text += static_cast<char>(0x80 | (code >> (6 * i) & 0x3f));
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  JsonValue whole() {
    JsonValue value = parse(0);
    space();
    if (!text_.empty()) refuse();
    return value;
  }

 private:
  JsonValue parse(int depth) {
    if (depth > kDeepest) refuse();
    space();
    if (text_.empty()) refuse();
    JsonValue value;
    if (text_.front() == '"') {
      value.kind = JsonValue::Kind::kText;
      value.text = quoted();
    } else if (text_.front() == '[') {
      value.kind = JsonValue::Kind::kList;
      listed(']', [&] { value.list.push_back(parse(depth + 1)); });
    } else if (text_.front() == '{') {
      value.kind = JsonValue::Kind::kObject;
      listed('}', [&] {
        value.names.push_back(quoted());
        take(':');
        value.list.push_back(parse(depth + 1));
      });
    } else if (text_.substr(0, 4) == "null") {
      text_.remove_prefix(4);
    } else {
      value.kind = JsonValue::Kind::kNumber;
      value.number = number();
    }
    return value;
  }

  template <class Item>
  void listed(char end, const Item& item) {
    text_.remove_prefix(1);
    space();
    while (!text_.empty() && text_.front() != end) {
      item();
      space();
      if (text_.empty() || text_.front() == end) break;
      take(',');
    }
    take(end);
  }

  std::string quoted() {
    take('"');
    std::string text;
    while (!text_.empty() && text_.front() != '"') {
      const char next = text_.front();
      text_.remove_prefix(1);
      if (next == '\\') {
        escaped(text);
      } else {
        text += next;
      }
    }
    take('"');
    return text;
  }

  void escaped(std::string& text) {
    if (text_.empty()) refuse();
    const char kind = text_.front();
    text_.remove_prefix(1);
    constexpr std::string_view kShort = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    if (kind != 'u') {
      const std::size_t at = kShort.find(kind);
      if (at == std::string_view::npos) refuse();
      text += kMeant[at];
      return;
    }
    std::uint32_t code = hex();
    if (code >= 0xd800 && code < 0xdc00) {  // the first half of a pair
      take('\\');
      take('u');
      code = 0x10000 + ((code & 0x3ff) << 10) + (hex() & 0x3ff);
    }
    append_utf8(text, code);
  }

  std::uint32_t hex() {
    constexpr std::string_view kDigits = "0123456789abcdef0123456789ABCDEF";
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) {
      const std::size_t digit = text_.empty() ? std::string_view::npos : kDigits.find(text_[0]);
      if (digit == std::string_view::npos) refuse();
      text_.remove_prefix(1);
      value = value << 4 | static_cast<std::uint32_t>(digit % 16);
    }
    return value;
  }

  double number() {
    const std::size_t size = std::min(text_.find_first_not_of("+-.0123456789eE"), text_.size());
    std::istringstream stream{std::string(text_.substr(0, size))};
    stream.imbue(std::locale::classic());
    double value = 0.0;
    if (!(stream >> value) || stream.peek() != std::istringstream::traits_type::eof()) refuse();
    text_.remove_prefix(size);
    return value;
  }

  void space() {
    while (!text_.empty() && std::string_view(" \t\r\n").find(text_.front()) != text_.npos) {
      text_.remove_prefix(1);
    }
  }

  void take(char wanted) {
    space();
    if (text_.empty() || text_.front() != wanted) refuse();
    text_.remove_prefix(1);
  }

  std::string_view text_;
};

}  // namespace

double JsonValue::as_number() const {
  if (kind != Kind::kNumber) refuse();
  return number;
}

const std::string& JsonValue::as_text() const {
  if (kind != Kind::kText) refuse();
  return text;
}

const std::vector<JsonValue>& JsonValue::as_list(std::size_t least) const {
  if (kind != Kind::kList || list.size() < least) refuse();
  return list;
}

const JsonValue& JsonValue::at(const std::string& name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  if (kind != Kind::kObject || found == names.end()) refuse();
  return list[static_cast<std::size_t>(found - names.begin())];
}

JsonValue parse_json(std::string_view text) { return Parser(text).whole(); }

}  // namespace basnet_rt
