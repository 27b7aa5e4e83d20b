#pragma once

#include <string>
#include <string_view>

namespace basnet_rt::bundle {

/// A name without the parts that TorchScript puts in where two classes are named alike:
/// "__torch__.a.___torch_mangle_12.B" is "__torch__.a.B", with '.', '/' or a line break between.
std::string without_mangling(std::string_view name);

}  // namespace basnet_rt::bundle
