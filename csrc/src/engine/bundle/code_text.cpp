#include "engine/bundle/code_text.h"

#include <functional>
#include <map>

namespace basnet_rt::bundle {
namespace {

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

bool is_name(char letter) {
  return letter == '_' || is_digit(letter) || (letter >= 'a' && letter <= 'z') ||
         (letter >= 'A' && letter <= 'Z');
}

/// Size of the string literal at the begin of `code`; the size of `code` if it has no end.
std::size_t literal_size(std::string_view code) {
  for (std::size_t i = 1; i < code.size(); ++i) {
    if (code[i] == '\\') {
      ++i;
    } else if (code[i] == code[0]) {
      return i + 1;
    }
  }
  return code.size();
}

/// Gives local names of one function their numbers.
class LocalNames {
 public:
  void begin_function() { numbers_.clear(), counts_.clear(); }

  std::string renamed(std::string_view name) {
    std::size_t base = name.size();
    while (base > 0 && is_digit(name[base - 1])) --base;
    if (base == 0 || base == name.size()) return std::string(name);
    const std::string stem(name.substr(0, base));
    const auto [found, fresh] = numbers_.emplace(name, counts_[stem]);
    if (fresh) ++counts_[stem];
    return stem + "#" + std::to_string(found->second);
  }

 private:
  std::map<std::string, int, std::less<>> numbers_;
  std::map<std::string, int> counts_;
};

}  // namespace

std::string without_mangling(std::string_view name) {
  constexpr std::string_view kMangle = "___torch_mangle_";
  std::string plain;
  while (true) {
    const std::size_t begin = name.find(kMangle);
    if (begin == std::string_view::npos) return plain.append(name);
    std::size_t end = begin + kMangle.size();
    while (end < name.size() && is_digit(name[end])) ++end;
    const bool part = end < name.size() && (name[end] == '.' || name[end] == '/');
    plain.append(name.substr(0, part ? begin : end));
    if (part) {
      ++end;
    } else if (end < name.size() && name[end] == '\n' && !plain.empty() && begin > 0) {
      // The last part of a module's name: remove the separator before it.
      plain.resize(plain.size() - (end - begin) - 1);
    }
    name.remove_prefix(end);
  }
}

std::string normalised_code(std::string_view code) {
  const std::string plain = without_mangling(code);
  code = plain;
  std::string text;
  LocalNames names;
  for (std::size_t at = 0; at < code.size();) {
    std::size_t end = at + 1;
    if (code[at] == '"' || code[at] == '\'') {
      end = at + literal_size(code.substr(at));
    } else if (is_name(code[at])) {
      while (end < code.size() && is_name(code[end])) ++end;
      const std::string_view name = code.substr(at, end - at);
      if (name == "def") names.begin_function();
      const bool member = at > 0 && code[at - 1] == '.';
      text += member ? std::string(name) : names.renamed(name);
      at = end;
      continue;
    }
    text += code.substr(at, end - at);
    at = end;
  }
  return text;
}

}  // namespace basnet_rt::bundle
