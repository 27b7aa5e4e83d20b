#pragma once

// What the C++ tests share: small videos, and errors that must say what was wrong.

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/error.h"
#include "basnet_rt/postprocess.h"

namespace basnet_rt::testing {

/// A video that owns its arrays; `input()` views them.
struct Video {
  std::vector<float> cas;  // (T, C) row-major
  std::int64_t num_classes = 1;
  std::vector<float> scores = {};  // (C,), or empty
  double snippet_seconds = 1.0;

  VideoInput input() const {
    VideoInput video;
    const auto rows = static_cast<std::int64_t>(cas.size()) / num_classes;
    video.cas = {cas.data(), rows, num_classes, num_classes};
    video.video_scores = scores.empty() ? nullptr : scores.data();
    video.snippet_seconds = snippet_seconds;
    return video;
  }
};

/// Continuous mode in which an activation is its own normalised value and every class may emit:
/// what a hand-computed case needs.
inline PostprocessConfig plain_config(std::vector<double> thresholds) {
  PostprocessConfig config;
  config.cas_thresholds = std::move(thresholds);
  config.nms = NmsKind::kHard;
  config.normalisation = Normalisation::kFixed;
  config.gate = Gate::kNone;
  return config;
}

/// A random walk per class in about [-0.5, 1.5], with plateaus: runs of every kind of length.
inline Video random_video(std::int64_t num_snippets, std::int64_t num_classes, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> step(-0.3f, 0.3f);
  Video video;
  video.num_classes = num_classes;
  video.cas.assign(static_cast<std::size_t>(num_snippets * num_classes), 0.4f);
  for (std::size_t i = static_cast<std::size_t>(num_classes); i < video.cas.size(); ++i) {
    const float before = video.cas[i - static_cast<std::size_t>(num_classes)];
    const float moved = before + (random() % 4 == 0 ? 0.0f : step(random));
    video.cas[i] = moved < -0.5f ? -0.5f : moved > 1.5f ? 1.5f : moved;
  }
  video.scores.assign(static_cast<std::size_t>(num_classes), 0.5f);
  return video;
}

inline void expect_segment(Segment got, double start, double end) {
  EXPECT_NEAR(got.start, start, 1e-12);
  EXPECT_NEAR(got.end, end, 1e-12);
}

/// `call` must throw Error with `code` and a message that holds every one of `parts`.
template <class Call>
void expect_error(const Call& call, ErrorCode code, const std::vector<std::string>& parts) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    for (const std::string& part : parts) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos)
          << "\"" << part << "\" is not in: " << error.what();
    }
    return;
  }
  ADD_FAILURE() << "no basnet_rt::Error was thrown";
}

template <class Call>
void expect_invalid(const Call& call, const std::vector<std::string>& parts) {
  expect_error(call, ErrorCode::kInvalidArgument, parts);
}

}  // namespace basnet_rt::testing
