#include "torch/model/video_forward.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "basnet_rt/config_fields.h"
#include "basnet_rt/error.h"
#include "basnet_rt/postprocess.h"

namespace basnet_rt {
namespace {

// A piece needs some 60 kB a snippet in the hidden layers of the published size.
constexpr std::int64_t kPiece = 4096;

std::string shapes(const VideoOutputs& outputs) {
  std::ostringstream text;
  for (const at::Tensor& tensor :
       {outputs.activations, outputs.scores, outputs.foreground, outputs.cas}) {
    text << (text.tellp() == 0 ? "" : ", ") << tensor.sizes();
  }
  return text.str();
}

void check_outputs(const Model::Impl& model, std::int64_t num_snippets,
                   const VideoOutputs& outputs) {
  const std::int64_t columns = model.metadata.num_classes();
  const auto is = [](const at::Tensor& tensor, at::IntArrayRef shape) {
    return tensor.sizes() == shape && tensor.scalar_type() == at::kFloat;
  };
  if (is(outputs.activations, {num_snippets, columns}) && is(outputs.scores, {columns}) &&
      is(outputs.foreground, {num_snippets}) && is(outputs.cas, {num_snippets, columns + 1})) {
    return;
  }
  throw Error(ErrorCode::kBundle, model.name + ": the module returns shapes " + shapes(outputs) +
                                      " where its metadata, with " + std::to_string(columns) +
                                      " classes, promises others, all of float32");
}

VideoOutputs run_whole(const Model::Impl& model, const at::Tensor& rows) {
  const std::vector<at::Tensor> batch = model.script->forward(rows.unsqueeze(0));
  const VideoOutputs outputs{batch[0][0], batch[1][0], batch[2][0], batch[3][0]};
  check_outputs(model, rows.size(0), outputs);
  return outputs;
}

/// Everything but the video scores, of snippets [start, start + kPiece).
VideoOutputs run_piece(const Model::Impl& model, const at::Tensor& rows, std::int64_t start) {
  const std::int64_t first = std::max<std::int64_t>(0, start - kReach);
  const std::int64_t last = std::min(rows.size(0), start + kPiece + kReach);
  VideoOutputs piece = run_whole(model, rows.slice(0, first, last));
  const std::int64_t begin = start - first;
  const std::int64_t end = begin + std::min(kPiece, rows.size(0) - start);
  for (at::Tensor* tensor : {&piece.activations, &piece.foreground, &piece.cas}) {
    *tensor = tensor->slice(0, begin, end);
  }
  return piece;
}

/// Video scores from the core, as for streams and gate "horizon".
at::Tensor scores_of(const Model::Impl& model, const at::Tensor& cas) {
  const at::Tensor rows = cas.cpu().contiguous();
  const std::int64_t columns = rows.size(1);
  PostprocessConfig config;
  config.score_function = choice_of<ScoreFunction>(model.metadata.score_function, "score_function");
  config.topk_divisor = model.metadata.topk_divisor;
  const std::vector<float> scores =
      video_scores({rows.const_data_ptr<float>(), rows.size(0), columns, columns}, config);
  return at::tensor(scores).to(cas.device());
}

/// Pieces overlap by the network's receptive field, so they agree with the whole up to float32
/// rounding.
VideoOutputs run_pieces(const Model::Impl& model, const at::Tensor& rows, bool with_scores) {
  std::vector<at::Tensor> activations, foreground, cas;
  for (std::int64_t start = 0; start < rows.size(0); start += kPiece) {
    const VideoOutputs piece = run_piece(model, rows, start);
    activations.push_back(piece.activations);
    foreground.push_back(piece.foreground);
    cas.push_back(piece.cas);
  }
  VideoOutputs whole{at::cat(activations), {}, at::cat(foreground), at::cat(cas)};
  if (with_scores) whole.scores = scores_of(model, whole.cas);
  return whole;
}

}  // namespace

VideoOutputs run_video(const Model::Impl& model, const at::Tensor& rows, bool with_scores) {
  return rows.size(0) <= kPiece ? run_whole(model, rows) : run_pieces(model, rows, with_scores);
}

}  // namespace basnet_rt
