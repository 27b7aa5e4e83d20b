// Writes what the library computes, for Python to compare.
//
// probe forward MODEL FEATURES DTYPE FOLDER          activations, scores, foreground, cas as
// float32 probe stream MODEL FEATURES FIRST LAST IN OUT      snippets one by one, between two saved
// states probe pool MODEL FEATURES FIRST LAST IN OUT        the same in a pool FEATURES: float32 by
// rows. IN, OUT: files, or "-": begin here, end here.

#include <basnet_rt/model_pool.h>
#include <basnet_rt/streaming_localizer.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using basnet_rt::Model;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

void write(const std::string& path, const std::vector<float>& values) {
  write(path, std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4));
}

struct Features {
  Features(const std::string& path, std::int64_t feature_dim)
      : bytes(read(path)), dim(feature_dim) {}
  std::int64_t count() const { return static_cast<std::int64_t>(bytes.size()) / 4 / dim; }
  basnet_rt::FeatureView view(std::int64_t first, std::int64_t size) const {
    return {reinterpret_cast<const float*>(bytes.data()) + first * dim, size, dim};
  }
  std::string bytes;
  std::int64_t dim;
};

void print(const basnet_rt::StreamDetections& found, const Model& model) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string& name = model.metadata().classes[static_cast<std::size_t>(found.labels[i])];
    std::printf("%s %.17g %.17g %.9g\n", name.c_str(), found.segments[i].start,
                found.segments[i].end, found.scores[i]);
  }
}

void forward(const std::string& path, const std::string& features, const std::string& dtype,
             const std::string& folder) {
  const Model model = Model::load(path, {"cpu", dtype});
  const Features input(features, model.metadata().feature_dim);
  const basnet_rt::Activations found = model.forward(input.view(0, input.count()));
  write(folder + "/activations", found.activations);
  write(folder + "/video_scores", found.video_scores);
  write(folder + "/foreground", found.foreground);
  write(folder + "/cas", found.cas);
}

void stream(const Model& model, const Features& input, std::int64_t first, std::int64_t last,
            const std::string& in, const std::string& out) {
  basnet_rt::StreamingLocalizer one(model, streaming_config(model.metadata()));
  if (in != "-") one.load(read(in));
  for (std::int64_t t = first; t < last; ++t) print(one.push(input.view(t, 1)), model);
  if (out == "-") {
    print(one.finish(), model);
  } else {
    write(out, one.save());
  }
}

void pool(const Model& model, const Features& input, std::int64_t first, std::int64_t last,
          const std::string& in, const std::string& out) {
  basnet_rt::PoolOptions options;
  options.max_batch = 1;
  options.threaded = false;
  const auto streams = make_pool(model, streaming_config(model.metadata()), options);
  const basnet_rt::StreamId id = in == "-" ? streams->open() : streams->restore(read(in));
  if (!streams->push(id, input.view(first, last - first))) throw std::runtime_error("no room");
  while (streams->step(true)) print(streams->poll(id), model);
  if (out == "-") {
    print(streams->close(id), model);
  } else {
    write(out, streams->save(id));
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.at(0) == "forward") {
      forward(arguments.at(1), arguments.at(2), arguments.at(3), arguments.at(4));
      return 0;
    }
    const Model model = Model::load(arguments.at(1));
    const Features input(arguments.at(2), model.metadata().feature_dim);
    const auto run = arguments.at(0) == "pool" ? pool : stream;
    run(model, input, std::stoll(arguments.at(3)), std::stoll(arguments.at(4)), arguments.at(5),
        arguments.at(6));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
