// Localizes a stream, each detection as soon as it is certain: streaming MODEL FEATURES.npy [CHUNK]

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "component.h"
#include "feature_file.h"

namespace {

void print(const basnet_rt::StreamDetections& finals, const basnet_rt::BundleMetadata& about) {
  for (std::size_t i = 0; i < finals.size(); ++i) {
    const char* name = about.classes[static_cast<std::size_t>(finals.labels[i])].c_str();
    std::printf("%s %.17g %.17g %.9g\n", name, finals.segments[i].start, finals.segments[i].end,
                finals.scores[i]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: streaming MODEL FEATURES.npy [CHUNK]\n";
    return 2;
  }
  try {
    const std::int64_t chunk = argc > 3 ? std::stoll(argv[3]) : 1;
    const auto model = component::Model::load(argv[1]);
    const basnet_rt::BundleMetadata& about = model.metadata();
    const std::vector<float> rows = read_features(argv[2]);
    const auto num_snippets = static_cast<std::int64_t>(rows.size()) / about.feature_dim;

    // Settings with which detections become final long before the stream ends.
    component::StreamingLocalizer stream(model, basnet_rt::streaming_config(about));
    for (std::int64_t at = 0; at < num_snippets; at += chunk) {
      const std::int64_t size = std::min(chunk, num_snippets - at);
      print(stream.push({rows.data() + at * about.feature_dim, size, about.feature_dim}), about);
    }
    print(stream.finish(), about);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
