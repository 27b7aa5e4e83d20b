// The JSON reader: RFC 8259 and nothing beside it, within its limits.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "json/reader.h"
#include "json/writer.h"

namespace basnet_rt::json {
namespace {

/// What the reader says of a text; empty where it reads it.
std::string complaint(const std::string& text, const Limits& limits = {}) {
  try {
    read(text, limits);
    return "";
  } catch (const BadJson& error) {
    return error.what();
  }
}

TEST(Json, ReadsEveryKindOfValue) {
  const Value found = read(" {\"a\": [1, -2.5e3, true, false, null], \"b\": {}, \"c\": \"x\"}\n");
  const std::vector<Value>& items = found.find("a")->items;
  EXPECT_EQ(items[0].integer, 1);
  EXPECT_EQ(items[1].number, -2500.0);
  EXPECT_FALSE(items[1].integer.has_value());
  EXPECT_TRUE(items[2].truth);
  EXPECT_FALSE(items[3].truth);
  EXPECT_TRUE(items[4].is(Kind::kNull));
  EXPECT_TRUE(found.find("b")->is(Kind::kObject));
  EXPECT_EQ(found.find("c")->text, "x");
  EXPECT_EQ(found.find("d"), nullptr);
  EXPECT_EQ(items[0].find("a"), nullptr);
}

TEST(Json, IntegersAreExactWhereTheyFit) {
  EXPECT_EQ(read("9223372036854775807").integer, INT64_MAX);
  EXPECT_EQ(read("-9223372036854775808").integer, INT64_MIN);
  EXPECT_FALSE(read("9223372036854775808").integer.has_value());
  EXPECT_EQ(read("9223372036854775808").text, "9223372036854775808");
  EXPECT_FALSE(read("1.0").integer.has_value());
}

TEST(Json, ReadsEscapesToUtf8) {
  EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t")").text, "\"\\/\b\f\n\r\t");
  EXPECT_EQ(read(R"("\u00e9\u20ac\ud83d\ude00")").text, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(read("\"\xF0\x9F\x98\x80\"").text, "\xF0\x9F\x98\x80");
  EXPECT_EQ(read(R"("\u0000")").text, std::string(1, '\0'));
}

TEST(Json, RefusesWhatIsNone) {
  for (const char* text :
       {"",         " ",       "{",        "[",          "[1",      "[1,",         "[1,]",
        "[,]",      "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}",   "{1:2}",       "tru",
        "nul",      "True",    "'a'",      "\"a",        "\"\\x\"", "\"\\u12g4\"", "\"\\u12\"",
        "01",       "-",       "+1",       ".5",         "1.",      "1e",          "1e+",
        "--1",      "0x10",    "1 2",      "[1] x",      "{} {}",   "// x\n1",     "\"a\nb\"",
        "\"a\tb\"", "-a",      "]",        "}",          ":",       "\\"}) {
    EXPECT_NE(complaint(text), "") << text;
  }
  EXPECT_NE(complaint(std::string("1\0", 2)), "");
}

TEST(Json, RefusesWhatIsNotUtf8) {
  // Overlong, half a pair, beyond the last code point, cut off, and bytes that occur nowhere.
  for (const char* bytes :
       {"\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2\x82", "\x80", "\xFF"}) {
    EXPECT_NE(complaint("\"" + std::string(bytes) + "\"").find("not UTF-8"), std::string::npos);
  }
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud800x")"}) {
    EXPECT_NE(complaint(text).find("surrogate"), std::string::npos) << text;
  }
}

TEST(Json, SaysWhereAndWhat) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"a": {"b": [0, NaN]}})", "byte 16, a.b[1]: NaN is no JSON number"},
      {R"({"a": 1, "b": 2, "a": 3})", "\"a\" stands twice"},
      {R"({"fps": -Infinity})", "fps: -Infinity"},
      {R"({"x": 1e400})", "1e400 is beyond"},
      {"[" + std::string(400, '7') + "]", "a number of 400 characters; at most 64"},
      {"\xEF\xBB\xBF{}", "byte order mark"},
      {"{\"a\": 1", "byte 7: expected , or }"},
  };
  for (const auto& [text, part] : cases) {
    EXPECT_NE(complaint(text).find(part), std::string::npos) << complaint(text);
  }
}

TEST(Json, KeepsToItsLimits) {
  const std::string deep(1'000'000, '[');
  EXPECT_NE(complaint(deep).find("deeper than 64"), std::string::npos);
  EXPECT_EQ(complaint(std::string(64, '[') + std::string(64, ']')), "");
  EXPECT_NE(complaint(std::string(65, '[') + std::string(65, ']')), "");
  EXPECT_NE(complaint("[1, 2, 3]", {100, 3, 4}).find("more than 3 values"), std::string::npos);
  EXPECT_NE(complaint("[1, 2]", {5, 3, 4}).find("6 bytes"), std::string::npos);
}

TEST(Json, WritesWhatItRead) {
  const std::string text = R"({"a": [1, 2.50, true, null, "q\"\\\u000a"], "b": {}})";
  EXPECT_EQ(write(read(text)), text);
  const Value found = read("[\"" + std::string(1000, 'x') + "\xC3\xA9\"]");
  EXPECT_LT(shown(found).size(), 220u);
  std::string accents;
  for (int i = 0; i < 300; ++i) accents += "\xC3\xA9";
  EXPECT_EQ(complaint("\"" + shown(read("\"" + accents + "\"")).substr(1) + "\""), "");
}

}  // namespace
}  // namespace basnet_rt::json
