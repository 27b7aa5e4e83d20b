#pragma once

// Teams of lanes: a kernel's logic written on them runs on a CPU too.
//
// Work is done by teams. A team goes through phases: `for_each` calls its body once for every
// index, on any lane and in any order, and returns when all calls are done. So a body may read what
// an earlier phase wrote, and nothing that its own phase writes. On a GPU a team is a warp
// (warp_team.cuh); here it is one thread that takes the indices in an order chosen by tests, so
// that a body that depends on the order fails.

#include <cstdint>

#include "formulas/host_device.h"

namespace basnet_rt::cuda {

/// The order in which a SerialTeam takes the indices of a phase.
enum class Order { kForward, kBackward, kScattered };

class SerialTeam {
 public:
  explicit SerialTeam(Order order = Order::kForward) : order_(order) {}

  template <class Body>
  void for_each(std::int64_t count, Body&& body) const {
    for (std::int64_t i = 0; i < count; ++i) body(at(i, count));
  }

  /// Gives one lane's value to every lane. A phase of its own.
  template <class Find>
  auto once(Find&& find) const {
    return find();
  }

  template <class Predicate>
  std::int64_t count(std::int64_t count, Predicate&& holds) const {
    std::int64_t found = 0;
    for_each(count, [&](std::int64_t i) { found += holds(i) ? 1 : 0; });
    return found;
  }

  /// Calls `sink(i, rank)` for every i that `holds`; `rank` counts them in rising order of i.
  template <class Predicate, class Sink>
  void compact(std::int64_t count, Predicate&& holds, Sink&& sink) const {
    std::int64_t rank = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      if (holds(i)) sink(i, rank++);
    }
  }

  /// The index that comes before all others that `holds`, under a strict total order; -1: none.
  template <class Predicate, class Before>
  std::int64_t best(std::int64_t count, Predicate&& holds, Before&& before) const {
    std::int64_t found = -1;
    for_each(count, [&](std::int64_t i) {
      if (holds(i) && (found < 0 || before(i, found))) found = i;
    });
    return found;
  }

 private:
  std::int64_t at(std::int64_t i, std::int64_t count) const {
    switch (order_) {
      case Order::kForward:
        return i;
      case Order::kBackward:
        return count - 1 - i;
      case Order::kScattered:
        break;
    }
    // Even indices rising, then odd ones falling, so that neighbours are far apart.
    const std::int64_t evens = (count + 1) / 2;
    return i < evens ? 2 * i : 2 * (count - 1 - i) + 1;
  }

  Order order_;
};

}  // namespace basnet_rt::cuda
