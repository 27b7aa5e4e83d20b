// As stream_state.cpp, for NetworkLocalizer, over a network that keeps nothing.

#include "basnet_rt/error.h"
#include "basnet_rt/network_localizer.h"
#include "basnet_rt/network_state.h"
#include "fuzz.h"
#include "saved/archive.h"

namespace basnet_rt::fuzz {
namespace {

constexpr std::size_t kHeader = 24;
const std::vector<float> kRows{0.1f, 0.9f, 0.6f, 0.9f, 0.7f, 0.2f, 0.8f, 0.9f};

/// Activations are the features, at once; its state is one array.
class Through : public StreamNetwork {
 public:
  StreamActivations push(const FeatureView& features) override {
    const auto size = features.num_snippets * features.feature_dim;
    return {features.num_snippets, {features.data, features.data + size}, {}};
  }
  StreamActivations flush() override { return {}; }
  void undo() override {}
  void reset() override {}
  std::string save() const override { return save_network_state(state_); }
  void load(std::string_view bytes) override { state_ = load_network_state(bytes, state_); }

 private:
  NetworkState state_{1, 0, {{"foreground", {2}, {0.5f, 0.25f}}}};
};

NetworkLocalizer localizer() {
  PostprocessConfig config;
  config.normalisation = Normalisation::kFixed;
  config.gate = Gate::kNone;
  return {std::make_shared<Through>(),
          {{"a", "b"}, 2, 0.5, ""},
          config,
          {AlarmConfig{{0.5}, 1.0}, false}};
}

FeatureView rows() { return {kRows.data(), 4, 2}; }

void try_to_load(std::string_view bytes) {
  NetworkLocalizer one = localizer();
  const std::string before = one.save();
  try {
    one.load(bytes);
  } catch (const Error&) {
    if (one.save() != before) throw std::runtime_error("a refused state has changed the stream");
    return;
  }
  if (one.finished()) return;
  static_cast<void>(one.push(rows()));
  static_cast<void>(one.onsets());
  try {
    static_cast<void>(one.gap(3));
    static_cast<void>(one.finish());
  } catch (const Error&) {  // such as a stream that is as long as one may be
  }
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> states;
  NetworkLocalizer one = localizer();
  for (int i = 0; i < 5; ++i) {
    states.push_back(one.save());
    static_cast<void>(one.push(rows()));
    if (i == 3) static_cast<void>(one.gap(2));
  }
  return states;
}

void run(std::string_view bytes) {
  try_to_load(bytes);
  if (bytes.size() >= kHeader) try_to_load(archive::seal("BRSL", 3, bytes.substr(kHeader)));
}

}  // namespace basnet_rt::fuzz
