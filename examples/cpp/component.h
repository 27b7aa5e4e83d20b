#pragma once

// Which component runs the bundle. Both have the same names; CMakeLists.txt chooses.

#if defined(WITH_TORCH)
#include <basnet_rt/localizer.h>
#include <basnet_rt/streaming_localizer.h>
namespace component = basnet_rt;
#else
#include <basnet_rt/engine.h>
namespace component = basnet_rt::engine;
#endif
