#include "pool/batch.h"

#include <algorithm>
#include <exception>
#include <numeric>
#include <string>
#include <utility>

#include "formulas/latency.h"
#include "settings/validate.h"

namespace basnet_rt::cpu {
namespace {

using Places = std::vector<std::size_t>;  // of streams in the work

PoolBatch subset(const PoolBatch& batch, const Places& places) {
  PoolBatch part;
  part.num_rows = batch.num_rows;
  part.feature_dim = batch.feature_dim;
  const std::int64_t size = batch.num_rows * batch.feature_dim;
  for (const std::size_t place : places) {
    part.slots.push_back(batch.slots[place]);
    part.fresh.push_back(batch.fresh[place]);
    const float* rows = batch.features.data() + static_cast<std::int64_t>(place) * size;
    part.features.insert(part.features.end(), rows, rows + size);
  }
  return part;
}

void check_size(const char* name, std::size_t found, std::size_t wanted, bool may_be_empty) {
  if (found == wanted || (found == 0 && may_be_empty)) return;
  throw Error(ErrorCode::kInvalidState, std::string("the network's ") + name + " have " +
                                            std::to_string(found) + " values; expected " +
                                            std::to_string(wanted));
}

void check_output(const PoolActivations& output, std::size_t size, const PoolStream& stream,
                  bool has_backend) {
  const StreamPostprocessor& post = stream.post;
  check_size("counts", output.counts.size(), size, false);
  for (const std::int64_t count : output.counts) {
    if (count >= 0 && count <= output.num_rows) continue;
    throw Error(ErrorCode::kInvalidState, "the network counts " + std::to_string(count) +
                                              " snippets of a slot, of " +
                                              std::to_string(output.num_rows) + " rows");
  }
  const auto rows = size * static_cast<std::size_t>(output.num_rows);
  const auto columns = static_cast<std::size_t>(post.num_classes());
  const bool on_device = has_backend && output.device_activations != nullptr;
  const bool no_cas = post.config().gate == Gate::kNone;
  check_size("activations", output.activations.size(), rows * columns,
             on_device && !stream.detector);
  check_size("cas", output.cas.size(), rows * (columns + 1), on_device || no_cas);
  if (on_device && !no_cas && output.device_cas == nullptr) {
    throw Error(ErrorCode::kInvalidState, "the network's device_cas is null; the gate needs it");
  }
}

/// One running batch.
class BatchRun {
 public:
  BatchRun(PoolNetwork& network, StreamBackend* backend, const PoolWork& work)
      : network_(network), backend_(backend), work_(work) {
    outcome_.streams.resize(work.streams.size());
  }

  BatchOutcome run() {
    Places places(work_.streams.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    if (work_.is_flush()) places = begun(places);
    if (!places.empty()) ask(places);
    if (backend_ != nullptr) {
      if (work_.is_flush()) mark_in_backend();
    } else {
      for (std::size_t i = 0; i < work_.marks.size(); ++i) {
        guarded(i, [&] { apply_mark(i); });
      }
    }
    return std::move(outcome_);
  }

 private:
  // The network has nothing to flush for a stream without snippets.
  Places begun(const Places& places) const {
    Places found;
    for (const std::size_t i : places) {
      if (work_.streams[i]->fed > 0) found.push_back(i);
    }
    return found;
  }

  void ask(const Places& places) {
    try {
      const bool all = places.size() == work_.streams.size();
      const PoolActivations output = all ? call(work_.batch) : call(subset(work_.batch, places));
      if (backend_ != nullptr) return absorb_in_backend(places, output);
      for (std::size_t i = 0; i < places.size(); ++i) {
        guarded(places[i], [&] { absorb(places[i], output, i); });
      }
    } catch (const std::exception& error) {
      if (places.size() == 1) return fail_stream(places[0], error);
      for (const std::size_t place : places) ask({place});
    }
  }

  PoolActivations call(const PoolBatch& batch) {
    PoolActivations output = work_.is_flush() ? network_.flush(batch) : network_.step(batch);
    check_output(output, batch.slots.size(), *work_.streams.front(), backend_ != nullptr);
    ++outcome_.calls;
    return output;
  }

  // Gives row `i` of the output to the post-processor of the stream at `place`.
  void absorb(std::size_t place, const PoolActivations& output, std::size_t i) {
    PoolStream& stream = *work_.streams[place];
    const std::int64_t classes = stream.post.num_classes();
    const std::int64_t count = output.counts[i];
    const std::int64_t first = static_cast<std::int64_t>(i + 1) * output.num_rows - count;
    const CasView rows{output.activations.data() + first * classes, count, classes, classes};
    CasView raw;
    if (stream.post.config().gate != Gate::kNone) {
      raw = {output.cas.data() + first * (classes + 1), count, classes + 1, classes + 1};
    }
    const std::lock_guard<std::mutex> lock(stream.post_mutex);
    StreamDetections found;
    if (count > 0) found = stream.post.push(rows, raw);
    advance(place, rows, std::move(found), stream.post.num_snippets());
  }

  // The onsets of a stream's new activations.
  void advance(std::size_t place, const CasView& rows, StreamDetections&& found,
               std::int64_t num_snippets) {
    PoolStream& stream = *work_.streams[place];
    const std::int64_t count = rows.num_snippets;
    if (count > 0 && stream.detector) outcome_.streams[place].onsets = stream.detector->push(rows);
    stream.fed += work_.batch.num_rows;
    const std::int64_t behind = stream.fed - stream.certain - (work_.is_flush() ? 0 : count);
    stream.certain += count;
    keep(place, std::move(found), behind, num_snippets);
  }

  void apply_mark(std::size_t place) {
    PoolStream& stream = *work_.streams[place];
    const QueuedMark& mark = work_.marks[place];
    const std::lock_guard<std::mutex> lock(stream.post_mutex);
    StreamDetections found =
        mark.gap > 0 ? stream.post.gap(mark.gap) : stream.post.finish(mark.duration);
    keep(place, std::move(found), 0, stream.post.num_snippets());
    if (mark.gap > 0 && stream.detector) stream.detector->gap(mark.gap);
    stream.fed = stream.certain = 0;
  }

  // The activations of a snippet come after `behind` more snippets, or at the end.
  void keep(std::size_t place, StreamDetections&& found, std::int64_t behind,
            std::int64_t num_snippets) {
    const PoolStream& stream = *work_.streams[place];
    StreamOutcome& outcome = outcome_.streams[place];
    const std::int64_t seen = num_snippets + (work_.is_flush() ? 0 : behind);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double latency = formulas::decision_latency(
          found.decided[i], behind, seen, stream.post.snippet_seconds(), found.segments[i].end);
      outcome.latency_sum += latency;
      outcome.latency_max = std::max(outcome.latency_max, latency);
    }
    outcome.finals.append(found);
  }

  // Post-processes the whole output in one step. It is not tried again, because the network's state
  // has moved on.
  void absorb_in_backend(const Places& places, const PoolActivations& output) {
    const std::int64_t classes = work_.streams.front()->post.num_classes();
    const bool on_device = output.device_activations != nullptr;
    StreamRows rows;
    rows.activations = on_device ? output.device_activations : output.activations.data();
    const float* cas = output.cas.empty() ? nullptr : output.cas.data();
    rows.raw_cas = on_device ? output.device_cas : cas;
    rows.num_rows = output.num_rows * static_cast<std::int64_t>(places.size());
    rows.on_device = on_device;
    rows.device_stream = output.device_stream;
    std::vector<StreamTurn> turns;
    for (std::size_t i = 0; i < places.size(); ++i) {
      StreamTurn turn = turn_of(places[i]);
      turn.num_rows = output.counts[i];
      turn.first_row = static_cast<std::int64_t>(i + 1) * output.num_rows - turn.num_rows;
      turns.push_back(turn);
    }
    step_backend(places, turns, rows, [&](std::size_t i, StreamTurnResult& result) {
      const bool on_host = !output.activations.empty();
      const float* first =
          on_host ? output.activations.data() + turns[i].first_row * classes : nullptr;
      advance(places[i], {first, turns[i].num_rows, classes, classes}, std::move(result.finals),
              result.num_snippets);
    });
  }

  void mark_in_backend() {
    Places places;
    std::vector<StreamTurn> turns;
    for (std::size_t i = 0; i < work_.marks.size(); ++i) {
      if (outcome_.streams[i].error) continue;
      StreamTurn turn = turn_of(i);
      turn.mark = work_.marks[i].gap > 0 ? StreamMark::kGap : StreamMark::kFinish;
      turn.gap = work_.marks[i].gap;
      turn.duration = work_.marks[i].duration;
      places.push_back(i);
      turns.push_back(turn);
    }
    step_backend(places, turns, {}, [&](std::size_t i, StreamTurnResult& result) {
      PoolStream& stream = *work_.streams[places[i]];
      keep(places[i], std::move(result.finals), 0, result.num_snippets);
      if (turns[i].gap > 0 && stream.detector) stream.detector->gap(turns[i].gap);
      if (turns[i].gap == 0) static_cast<void>(stream.post.finish());  // says that it has
      stream.fed = stream.certain = 0;
    });
  }

  StreamTurn turn_of(std::size_t place) const {
    StreamTurn turn;
    turn.slot = work_.batch.slots[place];
    turn.fresh = !work_.streams[place]->in_backend;
    return turn;
  }

  template <class Take>
  void step_backend(const Places& places, const std::vector<StreamTurn>& turns,
                    const StreamRows& rows, const Take& take) {
    if (turns.empty()) return;
    try {
      std::vector<StreamTurnResult> results = backend_->step(turns, rows);
      for (std::size_t i = 0; i < places.size(); ++i) {
        if (results[i].error) {
          fail_stream(places[i], *results[i].error);
          continue;
        }
        work_.streams[places[i]]->in_backend = turns[i].mark != StreamMark::kFinish;
        guarded(places[i], [&] { take(i, results[i]); });
      }
    } catch (const std::exception& error) {
      for (const std::size_t place : places) fail_stream(place, error);
    }
  }

  template <class Work>
  void guarded(std::size_t place, const Work& work) {
    if (outcome_.streams[place].error) return;
    try {
      work();
    } catch (const std::exception& error) {
      fail_stream(place, error);
    }
  }

  void fail_stream(std::size_t place, const std::exception& error) {
    const auto* own = dynamic_cast<const Error*>(&error);
    const ErrorCode code = own != nullptr ? own->code() : ErrorCode::kInvalidState;
    outcome_.streams[place].error = stream_error(work_.streams[place]->id, code, error.what());
  }

  PoolNetwork& network_;
  StreamBackend* backend_;
  const PoolWork& work_;
  BatchOutcome outcome_;
};

}  // namespace

BatchOutcome run_batch(PoolNetwork& network, StreamBackend* backend, const PoolWork& work) {
  return BatchRun(network, backend, work).run();
}

}  // namespace basnet_rt::cpu
