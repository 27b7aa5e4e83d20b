# The network without torch: the standard library and threads. The library that takes these sources
# in is compiled with -ffp-contract=off: an output's sum has one order on every machine.
set(BASNET_RT_ENGINE_SOURCES
  src/engine/model.cpp
  src/engine/network.cpp
  src/engine/packed.cpp
  src/engine/pass.cpp
  src/engine/product.cpp
  src/engine/scores.cpp
  src/engine/streams.cpp
  src/engine/threads.cpp
  src/engine/tiles.cpp
  src/engine/weights_digest.cpp
  src/engine/kernels/avx2.cpp
  src/engine/kernels/avx512.cpp
  src/engine/kernels/avx512_bf16.cpp
  src/engine/kernels/avx512_vnni.cpp
  src/engine/kernels/neon.cpp
  src/engine/kernels/neon_dotprod.cpp
  src/engine/kernels/portable.cpp
  src/engine/kernels/registry.cpp)
