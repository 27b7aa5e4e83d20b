#pragma once

/// Marks functions that both the CPU and CUDA kernels call.
#ifdef __CUDACC__
#define BASNET_RT_HOST_DEVICE __host__ __device__
#else
#define BASNET_RT_HOST_DEVICE
#endif
