#pragma once

// The stand-in for a GPU: the same passes as loops on the host. Slow, and not for use: it is how a
// machine without a GPU executes every line of the kernels' logic.

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "cuda/device/memory.h"
#include "cuda/device/team.h"
#include "cuda/launch/scratch.h"

namespace basnet_rt::cuda {

class SerialLauncher {
 public:
  /// @param order  of threads, of teams, and of a team's lanes in each phase.
  explicit SerialLauncher(Order order = Order::kForward) : team_(order) {}

  template <class Body>
  void threads(std::int64_t count, const Body& body) {
    team_.for_each(count, body);
  }

  template <class Body>
  void teams(const std::int64_t* items, const Scratch& scratch, const Body& body) {
    team_.for_each(*items, [&](std::int64_t i) {
      char* slab = scratch.slabs + i % scratch.num_teams * scratch.slab_bytes;
      std::fill_n(slab, scratch.slab_bytes, static_cast<char>(0xa5));  // as if left by others
      Arena arena(slab, scratch.slab_bytes, scratch.work.pool);
      body(team_, arena, i);
    });
  }

  void running_sum(const std::int64_t* counts, std::int64_t* begins, std::int64_t count,
                   const Scratch&) {
    std::exclusive_scan(counts, counts + count, begins, std::int64_t{0});
  }

  void sort_falling(const SortWork& sort, std::int64_t, std::int64_t num_segments) {
    for (std::int64_t s = 0; s < num_segments; ++s) {
      std::vector<std::int64_t> order(static_cast<std::size_t>(sort.ends[s] - sort.begins[s]));
      std::iota(order.begin(), order.end(), sort.begins[s]);
      std::stable_sort(order.begin(), order.end(), [&sort](std::int64_t a, std::int64_t b) {
        return sort.keys[a] > sort.keys[b];
      });
      for (std::size_t i = 0; i < order.size(); ++i) {
        const std::int64_t at = sort.begins[s] + static_cast<std::int64_t>(i);
        sort.sorted_keys[at] = sort.keys[order[i]];
        sort.sorted_places[at] = sort.places[order[i]];
      }
    }
  }

 private:
  SerialTeam team_;
};

}  // namespace basnet_rt::cuda
