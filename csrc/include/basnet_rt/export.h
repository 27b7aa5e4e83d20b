#pragma once

/// Marks what a shared library of basnet_rt shows; everything else in it is hidden.
///
/// A static library shows nothing: what links it decides. CMake targets and pkg-config files define
/// BASNET_RT_STATIC where that is what they name.
#if defined(BASNET_RT_STATIC)
#define BASNET_RT_API
#else
#define BASNET_RT_API __attribute__((visibility("default")))
#endif
