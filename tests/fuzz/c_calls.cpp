// Any sequence of calls of the C interface, with NULLs, wrong handles, wrong sizes and odd numbers:
// every call answers with a status, outputs are written on success alone, and nothing leaks.

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "basnet_rt/c_api.h"
#include "fuzz.h"

namespace basnet_rt::fuzz {
namespace {

constexpr std::int64_t kClasses = 2;

double number(Choices& choices) {
  return choices.one_of<double>({0.5, 0.0, 1.0, 0.25, 3.0, -1.0, 1e-320, 1e300,
                                 std::numeric_limits<double>::infinity(), std::nan("")});
}

std::int64_t integer(Choices& choices) {
  return choices.one_of<std::int64_t>({1, 2, 3, 8, 0, -1, std::numeric_limits<std::int64_t>::max(),
                                       std::numeric_limits<std::int64_t>::min()});
}

const char* field(Choices& choices) {
  return choices.one_of<const char*>({"normalisation", "gate", "nms", "horizon", "merge_gap",
                                      "max_duration", "max_lookahead", "fixed_lo", "fixed_hi",
                                      "cas_thresholds", "keep_top1", "topk_divisor", "outer_ratio",
                                      "nothing", "", nullptr});
}

const char* choice(Choices& choices) {
  return choices.one_of<const char*>(
      {"fixed", "none", "horizon", "video", "hard", "linear", "gaussian", "", nullptr});
}

/// Handles of every kind, two places each; a call may be given any of them, or NULL.
class Caller {
 public:
  explicit Caller(Choices& choices) : choices_(choices) {
    std::vector<float> values = activations(choices_, 12, kClasses + 1);
    values.resize(40);
    values_ = values;
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  ~Caller() {
    for (auto& one : configs_) basnet_rt_config_free(&one);
    for (auto& one : streams_) basnet_rt_stream_free(&one);
    for (auto& one : detectors_) basnet_rt_onset_detector_free(&one);
    basnet_rt_bytes_free(&bytes_);
  }

  void call() {
    switch (choices_.below(5)) {
      case 0:
        return make();
      case 1:
        return set();
      case 2:
        return push();
      case 3:
        return save_and_load();
      default:
        return other();
    }
  }

 private:
  // The place of a handle; a wrong kind now and then, as languages without types pass them.
  template <class T>
  T* any(std::array<T*, 2>& places) {
    if (choices_.below(24) == 1) return reinterpret_cast<T*>(bytes_);
    return places[choices_.below(2)];
  }

  void expect(basnet_rt_status status) const {
    if (status < BASNET_RT_OK || status >= BASNET_RT_OUT_OF_MEMORY) {
      throw std::runtime_error("status " + std::to_string(status) + ": " + basnet_rt_last_error());
    }
    if (status != BASNET_RT_OK && basnet_rt_last_error()[0] == '\0') {
      throw std::runtime_error("an error without a message");
    }
  }

  // Runs `call` on an empty place; what it wrote must fit its status.
  template <class T, class Call>
  T* made(const Call& call) {
    T* result = nullptr;
    const basnet_rt_status status = call(&result);
    expect(status);
    if ((status == BASNET_RT_OK) != (result != nullptr)) {
      throw std::runtime_error("a result that does not fit its status");
    }
    return result;
  }

  void make() {
    const std::size_t place = choices_.below(2);
    const double seconds = choices_.yes() ? 0.5 : number(choices_);
    const std::int64_t classes = choices_.yes() ? kClasses : choices_.one_of<std::int64_t>({0, -3});
    basnet_rt_config* config = any(configs_);
    switch (choices_.below(4)) {
      case 0:
        basnet_rt_stream_free(&streams_[place]);
        streams_[place] = made<basnet_rt_stream>([&](basnet_rt_stream** made) {
          return basnet_rt_stream_create(config, classes, seconds, made);
        });
        return;
      case 1:
        basnet_rt_onset_detector_free(&detectors_[place]);
        detectors_[place] = made<basnet_rt_onset_detector>([&](basnet_rt_onset_detector** made) {
          const std::array<double, 2> thresholds{0.3, number(choices_)};
          return basnet_rt_onset_detector_create(config, thresholds.data(), classes, 0.5, classes,
                                                 seconds, made);
        });
        return;
      default:
        basnet_rt_config_free(&configs_[place]);
        configs_[place] = made<basnet_rt_config>([&](basnet_rt_config** made) {
          return basnet_rt_config_create(choices_.below(9) == 1 ? "published" : "continuous", made);
        });
        if (choices_.below(4) == 0) return;
        expect(basnet_rt_config_set_choice(configs_[place], "normalisation", "fixed"));
        expect(basnet_rt_config_set_choice(configs_[place], "gate", "none"));
    }
  }

  void set() {
    basnet_rt_config* config = any(configs_);
    const std::array<double, 3> values{number(choices_), number(choices_), number(choices_)};
    switch (choices_.below(6)) {
      case 0:
        return expect(basnet_rt_config_set_number(config, field(choices_), number(choices_)));
      case 1:
        return expect(basnet_rt_config_set_integer(config, field(choices_), integer(choices_)));
      case 2:
        return expect(basnet_rt_config_set_flag(config, field(choices_), choices_.byte() - 2));
      case 3:
        return expect(
            basnet_rt_config_set_numbers(config, field(choices_), values.data(),
                                         choices_.one_of<std::int64_t>({0, 1, 2, 3, -1})));
      case 4:
        return expect(basnet_rt_config_check(config));
      default:
        return expect(basnet_rt_config_set_choice(config, field(choices_), choice(choices_)));
    }
  }

  // Shapes that fit `values_`, or that are refused before it is read.
  basnet_rt_rows rows(std::int64_t columns) {
    basnet_rt_rows made{values_.data(), 1 + static_cast<std::int64_t>(choices_.below(9)), columns,
                        columns + static_cast<std::int64_t>(choices_.below(2))};
    switch (choices_.below(12)) {
      case 0:
        made.num_rows = choices_.one_of<std::int64_t>({0, -1});
        break;
      case 1:
        made.data = nullptr;
        break;
      case 2:
        made.row_stride = choices_.one_of<std::int64_t>({0, -1, 1});
        break;
      case 3:
        made.num_columns = choices_.one_of<std::int64_t>({0, 1, -1});
        break;
      default:
        break;
    }
    return made;
  }

  void push() {
    const basnet_rt_rows wide = rows(kClasses);
    const basnet_rt_rows raw = rows(kClasses + 1);
    if (choices_.below(3) == 0) {
      auto* onsets = made<basnet_rt_onsets>([&](basnet_rt_onsets** found) {
        return basnet_rt_onset_detector_push(any(detectors_), &wide, found);
      });
      return basnet_rt_onsets_free(&onsets);
    }
    auto* finals = made<basnet_rt_detections>([&](basnet_rt_detections** found) {
      return basnet_rt_stream_push(any(streams_), &wide, choices_.yes() ? &raw : nullptr, found);
    });
    basnet_rt_detections_free(&finals);
  }

  void save_and_load() {
    const std::size_t place = choices_.below(2);
    basnet_rt_bytes_free(&bytes_);
    if (choices_.yes()) {
      bytes_ = made<basnet_rt_bytes>([&](basnet_rt_bytes** saved) {
        return basnet_rt_onset_detector_save(detectors_[place], saved);
      });
      return expect(basnet_rt_onset_detector_load(any(detectors_), basnet_rt_bytes_data(bytes_),
                                                  basnet_rt_bytes_size(bytes_)));
    }
    bytes_ = made<basnet_rt_bytes>(
        [&](basnet_rt_bytes** saved) { return basnet_rt_stream_save(streams_[place], saved); });
    auto* loaded = made<basnet_rt_stream>([&](basnet_rt_stream** stream) {
      return basnet_rt_stream_load(basnet_rt_bytes_data(bytes_), basnet_rt_bytes_size(bytes_),
                                   stream);
    });
    if (loaded == nullptr) return;
    basnet_rt_stream_free(&streams_[1 - place]);
    streams_[1 - place] = loaded;
  }

  void other() {
    basnet_rt_stream* stream = any(streams_);
    const double end = number(choices_);
    const std::array<float, 2> scores{0.5f, 0.25f};
    if (choices_.below(6) == 0) return expect(basnet_rt_stream_reset(stream));
    if (choices_.below(4) == 0) {
      return expect(basnet_rt_onset_detector_gap(any(detectors_), integer(choices_)));
    }
    auto* found = made<basnet_rt_detections>([&](basnet_rt_detections** result) {
      switch (choices_.below(4)) {
        case 0:
          return basnet_rt_stream_pending(stream, result);
        case 1:
          return basnet_rt_stream_gap(stream, integer(choices_), result);
        case 2:
          return basnet_rt_stream_finish(stream, choices_.yes() ? &end : nullptr,
                                         choices_.yes() ? scores.data() : nullptr, result);
        default:
          return postprocess(result);
      }
    });
    basnet_rt_detections_free(&found);
  }

  basnet_rt_status postprocess(basnet_rt_detections** found) {
    const double end = number(choices_);
    const basnet_rt_rows raw = rows(kClasses + 1);
    basnet_rt_video video = {};
    video.struct_size = choices_.below(9) == 1 ? choices_.byte() : sizeof video;
    video.cas = rows(kClasses);
    const std::array<float, 2> scores{0.5f, 0.25f};
    video.video_scores = choices_.yes() ? scores.data() : nullptr;
    video.raw_cas = choices_.yes() ? &raw : nullptr;
    video.snippet_seconds = choices_.yes() ? 0.5 : number(choices_);
    video.duration = choices_.yes() ? &end : nullptr;
    if (video.struct_size > sizeof video) video.struct_size = 0;  // there is nothing behind it
    return basnet_rt_postprocess(&video, any(configs_), found);
  }

  Choices& choices_;
  std::vector<float> values_;
  std::array<basnet_rt_config*, 2> configs_{};
  std::array<basnet_rt_stream*, 2> streams_{};
  std::array<basnet_rt_onset_detector*, 2> detectors_{};
  basnet_rt_bytes* bytes_ = nullptr;
};

}  // namespace

std::vector<std::string> seeds() {
  std::mt19937_64 random(11);
  std::vector<std::string> sequences(16, std::string(1500, '\0'));
  for (std::string& bytes : sequences) {
    for (char& byte : bytes) byte = static_cast<char>(random());
  }
  return sequences;
}

void run(std::string_view bytes) {
  Choices choices(bytes);
  Caller caller(choices);
  while (!choices.empty()) caller.call();
}

}  // namespace basnet_rt::fuzz
