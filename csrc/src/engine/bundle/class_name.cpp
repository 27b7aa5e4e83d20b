#include "engine/bundle/class_name.h"

namespace basnet_rt::bundle {

std::string without_mangling(std::string_view name) {
  constexpr std::string_view kMangle = "___torch_mangle_";
  std::string plain;
  while (true) {
    const std::size_t begin = name.find(kMangle);
    if (begin == std::string_view::npos) return plain.append(name);
    std::size_t end = begin + kMangle.size();
    while (end < name.size() && name[end] >= '0' && name[end] <= '9') ++end;
    const bool part = end < name.size() && (name[end] == '.' || name[end] == '/');
    plain.append(name.substr(0, part ? begin : end));
    if (part) {
      ++end;
    } else if (end < name.size() && name[end] == '\n' && !plain.empty() && begin > 0) {
      // The last part of a module's name: the separator before it goes.
      plain.resize(plain.size() - (end - begin) - 1);
    }
    name.remove_prefix(end);
  }
}

}  // namespace basnet_rt::bundle
