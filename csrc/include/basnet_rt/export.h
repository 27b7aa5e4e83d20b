#pragma once

/// Marks the symbols that a shared library of basnet_rt exports; all others are hidden.
///
/// A static library exports nothing by itself: the program that links it decides. CMake targets and
/// pkg-config files define BASNET_RT_STATIC if they name a static library.
#if defined(BASNET_RT_STATIC)
#define BASNET_RT_API
#else
#define BASNET_RT_API __attribute__((visibility("default")))
#endif
