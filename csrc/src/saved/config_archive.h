#pragma once

// The settings in a saved state; kept apart from the public struct, which knows no archive.

#include <type_traits>
#include <vector>

#include "basnet_rt/config_fields.h"

namespace basnet_rt {

template <class Archive>
void visit_config(Archive& archive, PostprocessConfig& config) {
  for_each_field([&](const auto& field) {
    auto& value = config.*field.member;
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::vector<double>>) {
      archive.sequence(value);
    } else {
      archive.field(value);
    }
  });
}

}  // namespace basnet_rt
