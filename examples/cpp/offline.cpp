// Finds the actions of one video: offline MODEL FEATURES.npy

#include <cstdio>
#include <exception>
#include <iostream>

#include "component.h"
#include "feature_file.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: offline MODEL FEATURES.npy\n";
    return 2;
  }
  try {
    const auto model = component::Model::load(argv[1]);
    const basnet_rt::BundleMetadata& about = model.metadata();
    const std::vector<float> rows = read_features(argv[2]);
    const auto num_snippets = static_cast<std::int64_t>(rows.size()) / about.feature_dim;

    const component::Localizer localize(model);
    const auto found = localize({rows.data(), num_snippets, about.feature_dim});
    for (std::size_t i = 0; i < found.size(); ++i) {
      const char* name = about.classes[static_cast<std::size_t>(found.labels[i])].c_str();
      std::printf("%s %.17g %.17g %.9g\n", name, found.segments[i].start, found.segments[i].end,
                  found.scores[i]);
    }
    return 0;
  } catch (const std::exception& error) {  // basnet_rt::Error has a code, too
    std::cerr << error.what() << "\n";
    return 1;
  }
}
