#pragma once

// A warp made of threads: every lane runs the whole of a kernel's body, as on a GPU.
//
// `sync` is __syncwarp: what lanes wrote before it, all may read after it. Values that lanes show
// each other (ballots and shuffles on a GPU) travel without ordering memory, as they do there. So
// ThreadSanitizer reports a body that reads what another lane wrote in the same phase, and a phase
// that leans on a ballot; and a branch that not all lanes take alike hangs or changes the result.

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "cuda/batch/plan.h"
#include "cuda/device/memory.h"
#include "serial_launcher.h"

namespace basnet_rt::testing {

#ifdef __SANITIZE_THREAD__
inline constexpr auto kShow = std::memory_order_relaxed;
inline constexpr auto kLook = std::memory_order_relaxed;
#else
inline constexpr auto kShow = std::memory_order_release;  // slots are whole on any machine
inline constexpr auto kLook = std::memory_order_acquire;
#endif

/// What the lanes of a warp share.
class Warp {
 public:
  explicit Warp(int lanes) : lanes_(lanes), slots_(2 * static_cast<std::size_t>(lanes)) {
    pthread_barrier_init(&barrier_, nullptr, static_cast<unsigned>(lanes));
  }
  ~Warp() { pthread_barrier_destroy(&barrier_); }
  Warp(const Warp&) = delete;
  Warp& operator=(const Warp&) = delete;

  int lanes() const { return lanes_; }
  void sync() { pthread_barrier_wait(&barrier_); }

  /// Shows `value` to the others; `read(lane, value)` for each once all have shown theirs.
  template <class Read>
  void exchange(int lane, std::int64_t round, std::int64_t value, Read&& read) {
    // Two sets of slots in turn: a quick lane does not overwrite what a slow one still reads.
    auto* slots = slots_.data() + round % 2 * lanes_;
    slots[lane].store(value, kShow);
    arrived_.fetch_add(1, kShow);
    while (arrived_.load(kLook) < (round + 1) * lanes_) std::this_thread::yield();
    for (int i = 0; i < lanes_; ++i) read(i, slots[i].load(kLook));
  }

 private:
  int lanes_;
  pthread_barrier_t barrier_;
  std::vector<std::atomic<std::int64_t>> slots_;
  std::atomic<std::int64_t> arrived_{0};
};

/// One lane's view of its warp; the members of cuda::WarpTeam.
class LaneTeam {
 public:
  LaneTeam(Warp& warp, int lane) : warp_(&warp), lane_(lane) {}

  template <class Body>
  void for_each(std::int64_t count, Body&& body) const {
    for (std::int64_t i = lane_; i < count; i += warp_->lanes()) body(i);
    warp_->sync();
  }

  template <class Find>
  auto once(Find&& find) const {
    decltype(find()) found{};
    if (lane_ == 0) found = find();
    warp_->sync();
    return broadcast(found);
  }

  template <class Predicate>
  std::int64_t count(std::int64_t count, Predicate&& holds) const {
    std::int64_t mine = 0;
    for (std::int64_t i = lane_; i < count; i += warp_->lanes()) mine += holds(i) ? 1 : 0;
    std::int64_t found = 0;
    warp_->exchange(lane_, round_++, mine, [&](int, std::int64_t value) { found += value; });
    warp_->sync();
    return found;
  }

  template <class Predicate, class Sink>
  void compact(std::int64_t count, Predicate&& holds, Sink&& sink) const {
    std::int64_t before = 0;
    for (std::int64_t first = 0; first < count; first += warp_->lanes()) {
      const std::int64_t i = first + lane_;
      const bool mine = i < count && holds(i);
      std::int64_t rank = before;
      warp_->exchange(lane_, round_++, mine ? 1 : 0, [&](int lane, std::int64_t value) {
        before += value;
        if (lane < lane_) rank += value;
      });
      if (mine) sink(i, rank);
    }
    warp_->sync();
  }

  template <class Predicate, class Before>
  std::int64_t best(std::int64_t count, Predicate&& holds, Before&& before) const {
    std::int64_t mine = -1;
    for (std::int64_t i = lane_; i < count; i += warp_->lanes()) {
      if (holds(i) && (mine < 0 || before(i, mine))) mine = i;
    }
    std::int64_t found = -1;
    warp_->exchange(lane_, round_++, mine, [&](int, std::int64_t other) {
      if (other >= 0 && (found < 0 || before(other, found))) found = other;
    });
    warp_->sync();
    return found;
  }

  void sync() const { warp_->sync(); }

 private:
  template <class T>
  T broadcast(T value) const {
    static_assert(sizeof(T) <= sizeof(std::int64_t));
    std::int64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    warp_->exchange(lane_, round_++, bits, [&](int lane, std::int64_t shown) {
      if (lane == 0) std::memcpy(&value, &shown, sizeof value);
    });
    return value;
  }

  Warp* warp_;
  int lane_;
  mutable std::int64_t round_ = 0;  // exchanges so far; equal on all lanes
};

/// Runs threads and teams side by side, as a GPU may; sums and sorts as the serial stand-in.
class LaneLauncher : public cuda::SerialLauncher {
 public:
  explicit LaneLauncher(int lanes) : lanes_(lanes) {}

  template <class Body>
  void threads(std::int64_t count, const Body& body) {
    run_all(lanes_, [&](int thread) {
      for (std::int64_t i = thread; i < count; i += lanes_) body(i);
    });
  }

  template <class Body>
  void teams(const std::int64_t* items, const cuda::Scratch& scratch, const Body& body) {
    const auto num_teams = static_cast<int>(scratch.num_teams);
    std::vector<std::unique_ptr<Warp>> warps;
    for (int i = 0; i < num_teams; ++i) warps.push_back(std::make_unique<Warp>(lanes_));
    run_all(num_teams * lanes_, [&](int thread) {
      const int warp = thread / lanes_;
      const LaneTeam team(*warps[static_cast<std::size_t>(warp)], thread % lanes_);
      for (std::int64_t item = warp; item < *items; item += num_teams) {
        cuda::Arena arena(scratch.slabs + warp * scratch.slab_bytes, scratch.slab_bytes,
                          scratch.work.pool);
        body(team, arena, item);
        team.sync();
      }
    });
  }

 private:
  template <class Run>
  static void run_all(int count, const Run& run) {
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) threads.emplace_back([&run, i] { run(i); });
    for (std::thread& thread : threads) thread.join();
  }

  int lanes_;
};

}  // namespace basnet_rt::testing
