#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "basnet_rt/stream_network.h"
#include "basnet_rt/stream_pool.h"

namespace basnet_rt::python {

/// A network of many streams that calls a Python object; see
/// basnet_rt.stream.pool_network.PoolNetwork.
std::shared_ptr<PoolNetwork> python_network(pybind11::object network);

/// The same for one stream; see basnet_rt.stream.network.NetworkStream.
std::shared_ptr<StreamNetwork> python_stream_network(pybind11::object network);

}  // namespace basnet_rt::python
