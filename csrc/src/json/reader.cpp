#include "json/reader.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "json/utf8.h"

// Source: RFC 8259. Arrays and objects recurse, never deeper than the limit.

namespace basnet_rt::json {
namespace {

constexpr std::size_t kLongestNumber = 64;
constexpr std::size_t kShownName = 60;

class Reader {
 public:
  Reader(std::string_view text, const Limits& limits) : text_(text), limits_(limits) {}

  Value document() {
    if (text_.size() > limits_.bytes) {
      fail("it has " + std::to_string(text_.size()) + " bytes; at most " +
           std::to_string(limits_.bytes) + " are read");
    }
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") fail("it begins with a byte order mark");
    Value whole = value(0);
    skip_space();
    if (at_ != text_.size()) fail("more text follows the value");
    return whole;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    std::string place;
    for (const std::string& part : path_) {
      place += (place.empty() || part.front() == '[' ? "" : ".") + part;
    }
    throw BadJson("byte " + std::to_string(at_) + (place.empty() ? "" : ", " + place) + ": " + why);
  }

  bool ended() const { return at_ >= text_.size(); }
  char next() const { return ended() ? '\0' : text_[at_]; }
  bool take(char wanted) {
    if (ended() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (!ended() && (next() == ' ' || next() == '\t' || next() == '\n' || next() == '\r')) ++at_;
  }

  Value value(int depth);
  Value word(std::string_view text, Kind kind, bool truth);
  Value number_value();
  Value array(int depth);
  Value object(int depth);
  void member(Value& object, int depth);
  void check_names(const Value& object) const;
  std::string string();
  void escape(std::string& to);
  std::uint32_t hex4();
  void digits(const char* where);

  std::string_view text_;
  const Limits& limits_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  std::vector<std::string> path_;
};

Value Reader::value(int depth) {
  skip_space();
  if (++values_ > limits_.values) {
    fail("more than " + std::to_string(limits_.values) + " values");
  }
  if (ended()) fail("it ends where a value is expected");
  switch (next()) {
    case '{':
      return object(depth + 1);
    case '[':
      return array(depth + 1);
    case '"': {
      Value found;
      found.kind = Kind::kString;
      found.text = string();
      return found;
    }
    case 't':
      return word("true", Kind::kBool, true);
    case 'f':
      return word("false", Kind::kBool, false);
    case 'n':
      return word("null", Kind::kNull, false);
    default:
      return number_value();
  }
}

Value Reader::word(std::string_view text, Kind kind, bool truth) {
  if (text_.substr(at_, text.size()) != text) fail("no JSON value begins here");
  at_ += text.size();
  Value found;
  found.kind = kind;
  found.truth = truth;
  return found;
}

void Reader::digits(const char* where) {
  if (ended() || next() < '0' || next() > '9') fail(std::string("a digit must follow ") + where);
  while (!ended() && next() >= '0' && next() <= '9') ++at_;
}

Value Reader::number_value() {
  const std::size_t begin = at_;
  const std::string_view rest = text_.substr(at_);
  if (rest.substr(0, 3) == "NaN" || rest.substr(0, 8) == "Infinity" ||
      rest.substr(0, 9) == "-Infinity") {
    fail(std::string(rest.substr(0, rest.find_first_of(",]} \n\r\t"))) + " is no JSON number");
  }
  const bool negative = take('-');
  if (!negative && (next() < '0' || next() > '9')) fail("no JSON value begins here");
  if (!take('0')) digits("the sign");
  bool whole = true;
  if (take('.')) {
    whole = false;
    digits("the point");
  }
  if (take('e') || take('E')) {
    whole = false;
    if (!take('+')) take('-');
    digits("the exponent's sign");
  }
  const std::string_view digits_of = text_.substr(begin, at_ - begin);
  at_ = begin;
  if (digits_of.size() > kLongestNumber) {
    fail("a number of " + std::to_string(digits_of.size()) + " characters; at most " +
         std::to_string(kLongestNumber) + " are read");
  }
  Value found;
  found.kind = Kind::kNumber;
  found.text = digits_of;
  const char* const last = digits_of.data() + digits_of.size();
  if (std::from_chars(digits_of.data(), last, found.number).ec != std::errc()) {
    fail(found.text + " is beyond the numbers of 64-bit floating point");
  }
  std::int64_t integer = 0;
  if (whole && std::from_chars(digits_of.data(), last, integer).ec == std::errc()) {
    found.integer = integer;
  }
  at_ += digits_of.size();
  return found;
}

Value Reader::array(int depth) {
  if (depth > limits_.depth) fail("nested deeper than " + std::to_string(limits_.depth));
  Value found;
  found.kind = Kind::kArray;
  ++at_;
  skip_space();
  if (take(']')) return found;
  do {
    path_.push_back("[" + std::to_string(found.items.size()) + "]");
    found.items.push_back(value(depth));
    path_.pop_back();
    skip_space();
  } while (take(','));
  if (!take(']')) fail("expected , or ] in an array");
  return found;
}

Value Reader::object(int depth) {
  if (depth > limits_.depth) fail("nested deeper than " + std::to_string(limits_.depth));
  Value found;
  found.kind = Kind::kObject;
  ++at_;
  skip_space();
  if (take('}')) return found;
  do {
    member(found, depth);
    skip_space();
  } while (take(','));
  if (!take('}')) fail("expected , or } in an object");
  check_names(found);
  return found;
}

void Reader::member(Value& object, int depth) {
  skip_space();
  if (next() != '"') fail("expected a name in double quotes");
  std::string name = string();
  path_.push_back(name.empty() ? "\"\"" : name.substr(0, kShownName));
  skip_space();
  if (!take(':')) fail("expected : after the name");
  object.members.push_back({std::move(name), value(depth)});
  path_.pop_back();
}

void Reader::check_names(const Value& object) const {
  std::vector<std::string_view> names;
  for (const Member& member : object.members) names.push_back(member.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    fail("\"" + std::string(twice->substr(0, kShownName)) + "\" stands twice in one object");
  }
}

std::string Reader::string() {
  std::string found;
  ++at_;
  while (!take('"')) {
    if (ended()) fail("a string has no end");
    if (static_cast<unsigned char>(next()) < 0x20) fail("a control character in a string");
    if (take('\\')) {
      escape(found);
      continue;
    }
    const std::size_t size = code_point_size(text_.substr(at_));
    if (size == 0) fail("not UTF-8");
    found += text_.substr(at_, size);
    at_ += size;
  }
  return found;
}

void Reader::escape(std::string& to) {
  constexpr std::string_view kLetters = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
  if (take('u')) {
    const std::uint32_t code = hex4();
    if (code < 0xD800 || code > 0xDFFF) return append_utf8(to, code);
    if (code > 0xDBFF || !take('\\') || !take('u')) fail("half of a surrogate pair");
    const std::uint32_t low = hex4();
    if (low < 0xDC00 || low > 0xDFFF) fail("half of a surrogate pair");
    return append_utf8(to, 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00));
  }
  const std::size_t letter = ended() ? std::string_view::npos : kLetters.find(next());
  if (letter == std::string_view::npos) fail("no such escape in a string");
  to += kMeant[letter];
  ++at_;
}

std::uint32_t Reader::hex4() {
  std::uint32_t code = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char digit = next();
    code <<= 4;
    if (digit >= '0' && digit <= '9') {
      code += static_cast<std::uint32_t>(digit - '0');
    } else if (const char low = static_cast<char>(digit | 0x20); low >= 'a' && low <= 'f') {
      code += static_cast<std::uint32_t>(low - 'a' + 10);
    } else {
      fail("four hexadecimal digits must follow \\u");
    }
  }
  return code;
}

}  // namespace

Value read(std::string_view text, const Limits& limits) { return Reader(text, limits).document(); }

}  // namespace basnet_rt::json
