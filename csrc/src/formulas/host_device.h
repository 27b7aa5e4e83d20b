#pragma once

/// Marks what both backends run: the CPU calls it, CUDA kernels call it.
#ifdef __CUDACC__
#define BASNET_RT_HOST_DEVICE __host__ __device__
#else
#define BASNET_RT_HOST_DEVICE
#endif
