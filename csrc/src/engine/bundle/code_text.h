#pragma once

#include <string>
#include <string_view>

namespace basnet_rt::bundle {

/// A name without the parts that TorchScript inserts if two classes have the same name:
/// "__torch__.a.___torch_mangle_12.B" is "__torch__.a.B", with '.', '/' or a line break between.
std::string without_mangling(std::string_view name);

/// TorchScript code in a form that is equal for files of the same code. Mangled names are removed,
/// and local names ("bias3", "_41") are numbered in each function by first appearance. Two texts
/// are equal afterwards only if they do the same.
std::string normalised_code(std::string_view code);

}  // namespace basnet_rt::bundle
