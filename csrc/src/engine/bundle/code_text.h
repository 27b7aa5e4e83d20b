#pragma once

#include <string>
#include <string_view>

namespace basnet_rt::bundle {

/// A name without the parts that TorchScript puts in where two classes are named alike:
/// "__torch__.a.___torch_mangle_12.B" is "__torch__.a.B", with '.', '/' or a line break between.
std::string without_mangling(std::string_view name);

/// TorchScript code with what may differ between two files of the same code made equal: mangled
/// names, and the numbers of local names ("bias3", "_41"), which count anew in every function in
/// the order in which they appear there. Two texts are equal afterwards only if they do the same.
std::string normalised_code(std::string_view code);

}  // namespace basnet_rt::bundle
