// Detections of made-up activations, pinned to the bit: the same on every processor, x86 and Arm.

#include <cstring>

#include "basnet_rt/stream.h"
#include "support.h"

namespace basnet_rt {
namespace {

constexpr std::int64_t kClasses = 4;

// The numbers of a generator that is the same everywhere, unlike the library's distributions.
testing::Video pinned_video() {
  std::mt19937 random(2020);
  testing::Video video;
  video.num_classes = kClasses;
  std::vector<float> level(kClasses, 0.4f);
  for (int snippet = 0; snippet < 500; ++snippet) {
    for (float& one : level) {
      one += (static_cast<float>(random() >> 16) / 65536.0f - 0.5f) * 0.4f;
      one = one < 0.0f ? 0.0f : one > 1.0f ? 1.0f : one;
      video.cas.push_back(one);
    }
  }
  video.scores = {0.875f, 0.5f, 0.25f, 0.0625f};
  video.snippet_seconds = 0.64;
  return video;
}

// FNV-1a, 64 bits (Fowler, Noll and Vo).
class Digest {
 public:
  template <class Value>
  void add(const Value& value) {
    unsigned char bytes[sizeof(Value)];
    std::memcpy(bytes, &value, sizeof(Value));
    for (const unsigned char byte : bytes) sum_ = (sum_ ^ byte) * 1099511628211u;
  }

  template <class Found>
  void add_all(const Found& found) {
    for (std::size_t i = 0; i < found.size(); ++i) {
      add(found.labels[i]);
      add(found.scores[i]);
      add(found.segments[i].start);
      add(found.segments[i].end);
    }
  }

  std::uint64_t value() const { return sum_; }

 private:
  std::uint64_t sum_ = 14695981039346656037u;
};

constexpr std::uint64_t kNoStream = 0;  // settings that no stream takes

struct Pinned {
  const char* name;
  PostprocessConfig config;
  std::uint64_t whole;
  std::uint64_t stream;
};

PostprocessConfig continuous(NmsKind nms) {
  PostprocessConfig config;
  config.nms = nms;
  config.normalisation = Normalisation::kFixed;
  config.gate = Gate::kNone;
  config.max_duration = 60.0;
  return config;
}

std::vector<Pinned> pinned() {
  return {
      {"published", PostprocessConfig::published(), 6106210850187920150u, kNoStream},
      {"defaults", PostprocessConfig(), 487399252325136779u, kNoStream},
      {"hard", continuous(NmsKind::kHard), 5167595417362026382u, 14533727481542266022u},
      {"linear", continuous(NmsKind::kLinear), 11518271993149968526u, 9279432326163609922u},
      {"gaussian", continuous(NmsKind::kGaussian), 6213626010670376521u, 9275817328889741377u},
  };
}

TEST(PinnedBits, AreThoseOfEveryProcessor) {
  const testing::Video video = pinned_video();
  for (const Pinned& one : pinned()) {
    SCOPED_TRACE(one.name);
    Digest whole;
    const Detections found = postprocess(video.input(), one.config);
    ASSERT_GT(found.size(), 100u);
    whole.add_all(found);
    EXPECT_EQ(whole.value(), one.whole);
    if (one.stream == kNoStream) continue;
    Digest finals;
    StreamPostprocessor stream(one.config, kClasses, video.snippet_seconds);
    for (std::int64_t first = 0; first < 500; first += 7) {
      const std::int64_t count = first + 7 < 500 ? 7 : 500 - first;
      finals.add_all(stream.push({video.cas.data() + first * kClasses, count, kClasses, kClasses}));
    }
    finals.add_all(stream.finish());
    EXPECT_EQ(finals.value(), one.stream);
  }
}

}  // namespace
}  // namespace basnet_rt
