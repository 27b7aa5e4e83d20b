#pragma once

// A whole recorded stream, for settings with which nothing is final before the end.

#include <cstdint>
#include <optional>
#include <vector>

#include "basnet_rt/types.h"
#include "stream/stream_machine.h"

namespace basnet_rt::cpu {

/// Every row of the stream and every gap; normalisation or gate kVideo needs all of them.
class Recording {
 public:
  /// @param raw_cas  may be absent; then `replay` needs video scores for gate kVideo.
  void append(const CasView& activations, const CasView& raw_cas);
  void gap(std::int64_t snippets);

  /// Snippets so far, gaps included.
  std::int64_t num_snippets() const { return num_rows_ + missing_; }
  std::int64_t num_rows() const { return num_rows_; }
  bool has_all_raw(std::int64_t num_classes) const {
    return static_cast<std::int64_t>(raw_.size()) == num_rows_ * (num_classes + 1);
  }

  /// Processes the stream, now that ranges and scores are known; gives the order of results.
  ///
  /// @param video_scores  (C,) for gate kVideo; null: computed from the raw CAS.
  std::vector<DecidedDetection> replay(const StreamSettings& settings,
                                       std::optional<double> duration,
                                       const float* video_scores) const;

  /// Whether loaded values can be a recording.
  bool consistent(const StreamSettings& settings) const;

  template <class Archive>
  void visit(Archive& archive) {
    archive.sequence(rows_);
    archive.sequence(raw_);
    archive.sequence(gaps_);
    archive.field(num_rows_);
    archive.field(missing_);
  }

 private:
  struct Gap {
    std::int64_t row = 0;       // rows before it
    std::int64_t snippets = 0;  // missing

    template <class Archive>
    void visit(Archive& archive) {
      archive.field(row);
      archive.field(snippets);
    }
  };

  WholeVideo whole_video(const StreamSettings& settings, const float* video_scores) const;

  std::vector<float> rows_;  // (T, C)
  std::vector<float> raw_;   // (T, C+1), gates only
  std::vector<Gap> gaps_;
  std::int64_t num_rows_ = 0;
  std::int64_t missing_ = 0;
};

}  // namespace basnet_rt::cpu
