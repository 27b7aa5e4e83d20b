#include "cpu/stream_pool_batch.h"

#include <algorithm>
#include <exception>
#include <numeric>
#include <string>
#include <utility>

#include "validate.h"

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

void check_output(const PoolActivations& output, std::size_t size,
                  const StreamPostprocessor& post) {
  check_size("counts", output.counts.size(), size, false);
  for (const std::int64_t count : output.counts) {
    if (count >= 0 && count <= output.num_rows) continue;
    throw Error(ErrorCode::kInvalidState, "the network counts " + std::to_string(count) +
                                              " snippets of a slot, of " +
                                              std::to_string(output.num_rows) + " rows");
  }
  const auto rows = size * static_cast<std::size_t>(output.num_rows);
  const auto columns = static_cast<std::size_t>(post.num_classes());
  check_size("activations", output.activations.size(), rows * columns, false);
  check_size("cas", output.cas.size(), rows * (columns + 1), post.config().gate == Gate::kNone);
}

/// One batch on its way.
class BatchRun {
 public:
  BatchRun(PoolNetwork& network, const PoolWork& work) : network_(network), work_(work) {
    outcome_.streams.resize(work.streams.size());
  }

  BatchOutcome run() {
    Places places(work_.streams.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    if (work_.is_flush()) places = begun(places);
    if (!places.empty()) ask(places);
    for (std::size_t i = 0; i < work_.marks.size(); ++i) {
      guarded(i, [&] { apply_mark(i); });
    }
    return std::move(outcome_);
  }

 private:
  // The network has nothing to say about the end of what never began.
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
    check_output(output, batch.slots.size(), work_.streams.front()->post);
    ++outcome_.calls;
    return output;
  }

  // Row `i` of the output to the post-processor of the stream at `place`.
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
    if (count > 0 && stream.detector) outcome_.streams[place].onsets = stream.detector->push(rows);
    stream.fed += work_.batch.num_rows;
    const std::int64_t behind = stream.fed - stream.certain - (work_.is_flush() ? 0 : count);
    stream.certain += count;
    keep(place, std::move(found), behind);
  }

  void apply_mark(std::size_t place) {
    PoolStream& stream = *work_.streams[place];
    const StreamMark& mark = work_.marks[place];
    const std::lock_guard<std::mutex> lock(stream.post_mutex);
    keep(place, mark.gap > 0 ? stream.post.gap(mark.gap) : stream.post.finish(mark.duration), 0);
    if (mark.gap > 0 && stream.detector) stream.detector->gap(mark.gap);
    stream.fed = stream.certain = 0;
  }

  // A snippet's activations come with the snippet `behind` later, or at the end of the stream.
  void keep(std::size_t place, StreamDetections&& found, std::int64_t behind) {
    const PoolStream& stream = *work_.streams[place];
    StreamOutcome& outcome = outcome_.streams[place];
    const std::int64_t seen = stream.post.num_snippets() + (work_.is_flush() ? 0 : behind);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::int64_t arrived = std::min(found.decided[i] + 1 + behind, seen);
      const double latency =
          static_cast<double>(arrived) * stream.post.snippet_seconds() - found.segments[i].end;
      outcome.latency_sum += latency;
      outcome.latency_max = std::max(outcome.latency_max, latency);
    }
    append(outcome.finals, found);
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
  const PoolWork& work_;
  BatchOutcome outcome_;
};

}  // namespace

BatchOutcome run_batch(PoolNetwork& network, const PoolWork& work) {
  return BatchRun(network, work).run();
}

}  // namespace basnet_rt::cpu
