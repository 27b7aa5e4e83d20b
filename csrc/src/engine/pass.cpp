#include "engine/pass.h"

#include <algorithm>

#include "engine/numbers.h"
#include "engine/scores.h"

namespace basnet_rt::engine {
namespace {

std::size_t size(std::int64_t count) { return static_cast<std::size_t>(count); }

InputRows input_rows(const float* rows, std::int64_t count, std::int64_t width) {
  InputRows places(size(count));
  for (std::int64_t i = 0; i < count; ++i) places[size(i)] = rows + i * width;
  return places;
}

OutputRows output_rows(float* rows, std::int64_t count, std::int64_t width) {
  OutputRows places(size(count));
  for (std::int64_t i = 0; i < count; ++i) places[size(i)] = rows + i * width;
  return places;
}

}  // namespace

float* Buffer::room(std::int64_t count) {
  if (count > size_) {
    values_.reset();  // free it before allocating the larger one
    size_ = 0;
    values_.reset(new float[size(count)]);
    size_ = count;
  }
  return values_.get();
}

Pass::Pass(const Network& network, std::vector<Piece>& pieces, const Machine& machine,
           Workspace& workspace, bool tiled)
    : net_(network), pieces_(pieces), machine_(machine), space_(workspace), tiled_(tiled) {}

void Pass::run() {
  place();
  project();
  filter();
  place_rows();
  first_layer();
  second_layer();
  for (const Piece& piece : pieces_) give(piece);
  for (const Piece& piece : pieces_) move_on(piece);
}

void Pass::place() {
  for (Piece& piece : pieces_) {
    piece.first_feature = num_features_;
    piece.first_row = num_rows_;
    piece.first_hidden = num_hidden_;
    piece.first_output = num_outputs_;
    num_features_ += piece.count;
    num_rows_ += piece.rows();
    num_hidden_ += piece.hidden();
    num_outputs_ += piece.outputs();
  }
}

void Pass::project() {
  const std::int64_t width = net_.width();
  InputRows rows;
  for (const Piece& piece : pieces_) {
    const InputRows more = input_rows(piece.features, piece.count, net_.options().feature_dim);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  const OutputRows out =
      output_rows(space_.inputs.room(num_features_ * width), num_features_, width);
  if (net_.options().has_projection) {
    return product(net_.projection_, rows, Finish::kNone, out, machine_);
  }
  for (std::size_t i = 0; i < rows.size(); ++i) std::copy_n(rows[i], width, out[i]);
}

void Pass::filter() {
  float* foreground = space_.foreground.room(num_features_);
  std::fill_n(foreground, num_features_, 1.0f);
  if (!net_.options().has_filter) return;
  const std::int64_t count = num_features_ * net_.width(), inner = net_.filter_.outputs;
  const float* inputs = space_.inputs.data();
  if (net_.filter_.dtype == DType::kBFloat16) {
    float* rounded = space_.rounded.room(count);
    for (std::int64_t i = 0; i < count; ++i) rounded[i] = rounded_to_bfloat16(inputs[i]);
    inputs = rounded;
  }
  float* hidden = space_.filter.room(num_features_ * inner);
  product(net_.filter_, input_rows(inputs, num_features_, net_.width()), Finish::kLeakyRelu,
          output_rows(hidden, num_features_, inner), machine_);
  product(net_.filter_out_, input_rows(hidden, num_features_, inner), Finish::kNone,
          output_rows(foreground, num_features_, 1), machine_);
  for (std::int64_t i = 0; i < num_features_; ++i) foreground[i] = sigmoid(foreground[i]);
}

void Pass::place_rows() {
  const std::int64_t width = net_.width();
  const bool bfloat16 = net_.dtype() == DType::kBFloat16;
  float* to = space_.rows.room(num_rows_ * width);
  for (const Piece& piece : pieces_) {
    to = std::copy(piece.state->rows.begin(), piece.state->rows.end(), to);
    const float* from = space_.inputs.data() + piece.first_feature * width;
    for (std::int64_t i = 0; i < piece.count; ++i, from += width, to += width) {
      const float weight = space_.foreground.data()[piece.first_feature + i];
      for (std::int64_t k = 0; k < width; ++k) to[k] = from[k] * weight;
    }
    if (piece.last) to = std::fill_n(to, width, 0.0f);
  }
  if (!bfloat16) return;
  for (float* value = space_.rows.data(); value != to; ++value) {
    *value = rounded_to_bfloat16(*value);  // needed for a state saved in float32
  }
}

/// `layer` on the windows of three rows that start at these rows of `inputs`, which has `count`.
void Pass::three_taps(const PackedLayer& layer, const Buffer& inputs, std::int64_t count,
                      const std::vector<std::int64_t>& windows, Finish finish,
                      const OutputRows& out) const {
  const std::int64_t depth = layer.depth;
  if (layer.dtype == DType::kInt8) {
    Int8Rows& steps = space_.steps;
    steps.reset(count, depth, machine_.kernel.int8.offset);
    machine_.threads.run((count + 15) / 16, [&](std::int64_t part) {
      const std::int64_t end = std::min(count, 16 * part + 16);
      for (std::int64_t i = 16 * part; i < end; ++i) steps.set(i, inputs.data() + i * depth);
    });
    return product(layer, steps, windows, finish, out, machine_);
  }
  InputRows rows;
  for (const std::int64_t window : windows) rows.push_back(inputs.data() + window * depth);
  product(layer, rows, finish, out, machine_);
}

void Pass::first_layer() {
  const std::int64_t width = net_.hidden();
  float* hidden = space_.hidden.room(num_hidden_ * width);
  std::vector<std::int64_t> windows;
  OutputRows out;
  for (const Piece& piece : pieces_) {
    float* own = hidden + piece.first_hidden * width;
    std::copy(piece.state->hidden.begin(), piece.state->hidden.end(), own);
    std::fill_n(own + 2 * width, (piece.hidden() - 2) * width, 0.0f);
    if (piece.empty()) continue;
    // Snippet -1 of a new stream is padding, not a convolution.
    for (std::int64_t i = piece.state->seen == 0 ? 1 : 0; i < piece.rows() - 2; ++i) {
      windows.push_back(piece.first_row + i);
      out.push_back(own + (2 + i) * width);
    }
  }
  if (tiled_ && !windows.empty()) {
    const float* rows = space_.rows.data() + windows[0] * net_.width();
    return tiled_product(*net_.tiled_first_, rows, static_cast<std::int64_t>(out.size()), out,
                         machine_);
  }
  const bool bfloat16 = net_.dtype() == DType::kBFloat16;
  three_taps(net_.first_, space_.rows, num_rows_, windows,
             bfloat16 ? Finish::kRoundedLeakyRelu : Finish::kLeakyRelu, out);
}

void Pass::second_layer() {
  std::vector<std::int64_t> windows;
  for (const Piece& piece : pieces_) {
    for (std::int64_t i = 0; i < piece.outputs(); ++i) {
      windows.push_back(piece.first_hidden + piece.skipped() + i);
    }
  }
  const NetworkOptions& options = net_.options();
  const std::int64_t columns = options.num_classes + 1, width = net_.second_.outputs;
  float* cas = space_.cas.room(num_outputs_ * columns);
  std::fill_n(cas, num_outputs_ * columns, options.background_logit);
  float* second = space_.second.room(num_outputs_ * width);
  const OutputRows out = output_rows(second, num_outputs_, width);
  if (tiled_ && !windows.empty()) {
    tiled_product(*net_.tiled_second_, space_.hidden.data() + windows[0] * net_.hidden(),
                  num_outputs_, out, machine_);
  } else {
    three_taps(net_.second_, space_.hidden, num_hidden_, windows, Finish::kLeakyRelu, out);
  }
  product(net_.classifier_, input_rows(second, num_outputs_, width), Finish::kNone,
          output_rows(cas, num_outputs_, columns), machine_);
}

void Pass::give(const Piece& piece) const {
  const std::int64_t classes = net_.options().num_classes, count = piece.outputs();
  Snippets& out = *piece.out;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t behind = piece.skipped() + i;  // outputs start two before the new features
    out.foreground.push_back(behind < 2
                                 ? piece.state->foreground[size(behind)]
                                 : space_.foreground.data()[piece.first_feature + behind - 2]);
  }
  const float* cas = space_.cas.data() + piece.first_output * (classes + 1);
  out.cas.insert(out.cas.end(), cas, cas + count * (classes + 1));
  out.activations.resize(size((out.num_snippets + count) * classes));
  for (std::int64_t i = 0; i < count; ++i) {
    activate(net_.options(), cas + i * (classes + 1), out.foreground[size(out.num_snippets + i)],
             out.activations.data() + (out.num_snippets + i) * classes);
  }
  out.num_snippets += count;
}

void Pass::move_on(const Piece& piece) const noexcept {
  StreamState& state = *piece.state;
  if (piece.last) {
    state.seen = 0;
    for (std::vector<float>* values : {&state.foreground, &state.rows, &state.hidden}) {
      std::fill(values->begin(), values->end(), 0.0f);
    }
    return;
  }
  const std::int64_t width = net_.width(), hidden = net_.hidden();
  const float* more = space_.foreground.data() + piece.first_feature;
  for (std::int64_t i = 0; i < piece.count; ++i) {
    state.foreground[0] = state.foreground[1];
    state.foreground[1] = more[i];
  }
  const float* row = space_.rows.data() + (piece.first_row + piece.count) * width;
  std::copy_n(row, 2 * width, state.rows.data());
  const float* vector = space_.hidden.data() + (piece.first_hidden + piece.count) * hidden;
  std::copy_n(vector, 2 * hidden, state.hidden.data());
  state.seen += piece.count;
}

}  // namespace basnet_rt::engine
