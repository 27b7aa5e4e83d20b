#include "engine/network.h"

#include <algorithm>
#include <sstream>

#include "basnet_rt/error.h"
#include "engine/pass.h"
#include "engine/scores.h"

namespace basnet_rt::engine {
namespace {

// Features computed at once: the weights are read once for them; memory is below 50 kB for each.
constexpr std::int64_t kBatch = 768;

// An int32 holds the sum of this many products of int8 values.
constexpr std::int64_t kInt8Depth = std::int64_t{1} << 17;

std::string text(const std::vector<std::int64_t>& shape) {
  std::ostringstream out;
  for (const std::int64_t size : shape) out << (out.tellp() == 0 ? "(" : ", ") << size;
  return shape.empty() ? "()" : out.str() + ")";
}

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCode::kBundle, what); }

/// @param shape  expected; -1: any size from 1 on.
void check_tensor(const std::string& name, const TensorView& tensor,
                  const std::vector<std::int64_t>& shape, bool int8_too = false) {
  bool fits = tensor.data != nullptr && tensor.shape.size() == shape.size();
  for (std::size_t i = 0; fits && i < shape.size(); ++i) {
    fits = shape[i] < 0 ? tensor.shape[i] >= 1 : tensor.shape[i] == shape[i];
  }
  if (!fits) {
    refuse("weights: " + name + " has shape " + text(tensor.shape) + ", expected " + text(shape) +
           " (-1: any)");
  }
  if (tensor.dtype == DType::kInt8 && !int8_too) {
    refuse("weights: " + name + " holds int8; only the taps of the 3-tap layers may");
  }
}

void check_taps(const std::string& name, const ThreeTapView& layer, std::int64_t depth) {
  check_tensor(name + ".taps", layer.taps, {-1, 3 * depth}, true);
  check_tensor(name + ".bias", layer.bias, {layer.taps.shape[0]});
  if (layer.taps.dtype == DType::kInt8) {
    check_tensor(name + ".scale", layer.scale, {layer.taps.shape[0]});
  }
}

void check_options(const NetworkOptions& options) {
  const auto positive = [](const char* name, std::int64_t value) {
    if (value < 1) {
      refuse(std::string("weights: ") + name + ": expected at least 1, got " +
             std::to_string(value));
    }
  };
  positive("feature_dim", options.feature_dim);
  positive("num_classes", options.num_classes);
  positive("topk_divisor", options.topk_divisor);
}

void check(const NetworkWeights& weights) {
  const NetworkOptions& options = weights.options;
  check_options(options);
  std::int64_t width = options.feature_dim;
  if (options.has_projection) {
    check_tensor("projection_weight", weights.projection_weight, {width, -1});
    width = weights.projection_weight.shape[1];
    check_tensor("projection_bias", weights.projection_bias, {width});
  }
  if (options.has_filter) {
    check_tensor("filter_weight", weights.filter_weight, {width, -1});
    const std::int64_t inner = weights.filter_weight.shape[1];
    check_tensor("filter_bias", weights.filter_bias, {inner});
    check_tensor("filter_out_weight", weights.filter_out_weight, {inner, 1});
    check_tensor("filter_out_bias", weights.filter_out_bias, {1});
  }
  check_taps("first", weights.first, width);
  check_taps("second", weights.second, weights.first.taps.shape[0]);
  check_tensor(
      "classifier", weights.classifier,
      {weights.second.taps.shape[0], options.num_classes + (options.constant_background ? 0 : 1)});
}

void check_dtype(const NetworkWeights& weights, DType dtype) {
  for (const ThreeTapView* layer : {&weights.first, &weights.second}) {
    if (layer->taps.dtype == DType::kInt8 && dtype != DType::kInt8) {
      refuse("dtype: this bundle holds int8 weights; they run as int8 alone");
    }
    if (dtype == DType::kInt8 && layer->taps.shape[1] / 3 > kInt8Depth) {
      refuse("dtype: int8 allows layers of up to " + std::to_string(kInt8Depth) + " inputs, got " +
             std::to_string(layer->taps.shape[1] / 3) + "; use float32");
    }
  }
}

void check_finite(const char* name, const PackedLayer& layer) {
  if (!layer.finite) {
    refuse(std::string("weights: the layer ") + name +
           " holds NaN or infinity; train or export the network again");
  }
}

/// The progress of a turn. If one pass is not enough, it uses a copy of the state.
struct Progress {
  StreamState copy;
  StreamState* state = nullptr;
  std::int64_t taken = 0;
  bool done = false;
};

/// The next pieces, up to kBatch features together.
std::vector<Piece> next_pieces(std::vector<StreamTurn>& turns, std::vector<Progress>& progress,
                               std::int64_t feature_dim) {
  std::vector<Piece> pieces;
  std::int64_t left = kBatch;
  for (std::size_t i = 0; i < turns.size() && left > 0; ++i) {
    if (progress[i].done) continue;
    Piece piece;
    piece.state = progress[i].state;
    piece.features = turns[i].features + progress[i].taken * feature_dim;
    piece.count = std::min(left, turns[i].num_snippets - progress[i].taken);
    progress[i].taken += piece.count;
    progress[i].done = progress[i].taken == turns[i].num_snippets;
    piece.last = progress[i].done && turns[i].last;
    piece.out = &turns[i].certain;
    left -= piece.count;
    pieces.push_back(piece);
  }
  return pieces;
}

}  // namespace

Network::Network(const NetworkWeights& weights, DType dtype, bool exact)
    : options_(weights.options) {
  check(weights);
  check_dtype(weights, dtype);
  const DType filter = dtype == DType::kBFloat16 ? dtype : DType::kFloat32;
  const DType wide = DType::kFloat32;
  if (options_.has_projection) {
    projection_ =
        pack_dense(weights.projection_weight, weights.projection_bias, wide, weights.packed);
  }
  if (options_.has_filter) {
    filter_ = pack_dense(weights.filter_weight, weights.filter_bias, filter, weights.packed);
    filter_out_ = pack_dense(weights.filter_out_weight, weights.filter_out_bias, wide);
  }
  first_ = pack_taps(weights.first, dtype, weights.packed);
  second_ = pack_taps(weights.second, dtype, weights.packed);
  classifier_ = pack_dense(weights.classifier, {}, wide);
  check_finite("projection", projection_);
  check_finite("filter", filter_);
  check_finite("filter_out", filter_out_);
  check_finite("first", first_);
  check_finite("second", second_);
  check_finite("classifier", classifier_);
  if (exact || dtype != DType::kFloat32) return;
  tiled_first_ = std::make_unique<const TiledLayer>(pack_tiles(weights.first));
  tiled_second_ = std::make_unique<const TiledLayer>(pack_tiles(weights.second));
}

std::size_t Network::packed_bytes() const {
  std::size_t bytes = 0;
  for (const PackedLayer* layer :
       {&projection_, &filter_, &filter_out_, &first_, &second_, &classifier_}) {
    bytes += layer->panels.size();
  }
  return bytes;
}

StreamState Network::initial_state() const {
  const auto zeros = [](std::int64_t count) {
    return std::vector<float>(static_cast<std::size_t>(count));
  };
  return {0, zeros(2), zeros(2 * width()), zeros(2 * hidden())};
}

VideoOutput Network::forward(const FeatureView& features, const Machine& machine) const {
  StreamState state = initial_state();
  std::vector<StreamTurn> turns(1);
  turns[0].state = &state;
  turns[0].features = features.data;
  turns[0].num_snippets = features.num_snippets;
  turns[0].last = true;
  run(turns, tiled_first_ != nullptr, machine);
  VideoOutput video{std::move(turns[0].certain), {}};
  video.video_scores =
      video_scores(options_, video.snippets.cas.data(), video.snippets.num_snippets);
  return video;
}

void Network::step(std::vector<StreamTurn>& turns, const Machine& machine) const {
  run(turns, false, machine);
}

void Network::run(std::vector<StreamTurn>& turns, bool tiled, const Machine& machine) const {
  thread_local Workspace workspace;
  std::int64_t total = 0;
  for (const StreamTurn& turn : turns) total += turn.num_snippets;
  std::vector<Progress> progress(turns.size());
  for (std::size_t i = 0; i < turns.size(); ++i) {
    turns[i].certain = {};
    progress[i].state = turns[i].state;
    if (total < kBatch) continue;
    progress[i].copy = *turns[i].state;
    progress[i].state = &progress[i].copy;
  }
  for (auto pieces = next_pieces(turns, progress, options_.feature_dim); !pieces.empty();
       pieces = next_pieces(turns, progress, options_.feature_dim)) {
    Pass(*this, pieces, machine, workspace, tiled).run();
  }
  if (total < kBatch) return;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    *turns[i].state = std::move(progress[i].copy);
  }
}

}  // namespace basnet_rt::engine
