// Metadata and settings as JSON: read, or refused by an Error. What is read once is read again from
// its own writing.

#include <stdexcept>

#include "basnet_rt/bundle.h"
#include "basnet_rt/error.h"
#include "fuzz.h"
#include "json/reader.h"
#include "json/writer.h"

namespace basnet_rt::fuzz {

std::vector<std::string> seeds() {
  const std::string head =
      R"({"format": "basnet_rt.bundle", "format_version": 1, "classes": ["a", "b\u00e9"], )"
      R"("feature_dim": 4, "dtype": "float32", "activation": "raw")";
  return {
      head + "}",
      head + R"(, "fps": 12.5e0, "num_segments": null, "calibration": {"lo": [0, -1], "hi": [1, 2]},
        "topk_divisor": 4, "score_function": "sigmoid", "background_logit": -1e4,
        "provenance": {"simulated": true, "seeds": [1, [2, {"x": null}]]}, "versions": {}})",
      head + R"(, "postprocess": {"mode": "continuous", "cas_thresholds": [0.1, 0.2],
        "max_duration": null, "gate": "none", "keep_top1": true, "fixed_lo": 0, "upsample": 24}})",
      head + R"(, "extractor": {"name": "motion", "version": 1, "feature_dim": 4, "fps": 25.0,
        "snippet_frames": 16, "snippet_stride": 16, "settings": {}, "frames":
        {"pixels": "gray", "width": 64, "height": 48, "short_side": null}}})",
      R"({"nms_iou": 0.5, "normalisation": "fixed", "horizon": 3.5, "fixed_hi": [2, 3]})",
      "\"\\ud83d\\ude00 \xF0\x9F\x98\x80 \\n\\\"\"",
  };
}

void run(std::string_view bytes) {
  try {
    const BundleMetadata metadata = parse_metadata(bytes, "fuzz");
    static_cast<void>(parse_metadata(metadata.json, "again"));
  } catch (const Error&) {
  }
  try {
    static_cast<void>(parse_config(bytes));
  } catch (const Error&) {
  }
  try {
    const std::string text = json::write(json::read(bytes));
    if (json::write(json::read(text)) != text) throw std::runtime_error("written otherwise");
  } catch (const json::BadJson&) {
  }
}

}  // namespace basnet_rt::fuzz
