// As stream_state.cpp, for OnsetDetector.

#include "basnet_rt/error.h"
#include "basnet_rt/onset.h"
#include "fuzz.h"
#include "saved/archive.h"

namespace basnet_rt::fuzz {
namespace {

constexpr std::size_t kHeader = 24;
const std::vector<float> kRows{0.1f, 0.9f, 0.6f, 0.9f, 0.7f, 0.2f, 0.8f, 0.9f};

OnsetDetector detector(Normalisation normalisation) {
  PostprocessConfig config;
  config.normalisation = normalisation;
  config.horizon = 3.0;
  return OnsetDetector({{0.5, 0.75}, 1.0}, config, 2, 0.5);
}

void try_to_load(std::string_view bytes) {
  for (const auto normalisation : {Normalisation::kFixed, Normalisation::kHorizon}) {
    OnsetDetector one = detector(normalisation);
    const std::string before = one.save();
    try {
      one.load(bytes);
    } catch (const Error&) {
      if (one.save() != before)
        throw std::runtime_error("a refused state has changed the detector");
      continue;
    }
    static_cast<void>(one.push(view_of(kRows, 2)));
    one.gap(3);
    static_cast<void>(one.push(view_of(kRows, 2)));
  }
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> states;
  for (const auto normalisation : {Normalisation::kFixed, Normalisation::kHorizon}) {
    OnsetDetector one = detector(normalisation);
    for (int i = 0; i < 6; ++i) {
      states.push_back(one.save());
      static_cast<void>(one.push(view_of(kRows, 2)));
      if (i == 3) one.gap(2);
    }
  }
  return states;
}

void run(std::string_view bytes) {
  try_to_load(bytes);
  if (bytes.size() >= kHeader) try_to_load(archive::seal("BRTO", 1, bytes.substr(kHeader)));
}

}  // namespace basnet_rt::fuzz
