# Target basnet_rt_torch; needs basnet_rt::core, and package Torch.
#
# Included by the library's own build, and by the package file of an installation that brings this
# component as sources: then it is compiled against the libtorch that its user has found.
set(_basnet_rt_sources
  bundle/script_module.cpp
  model/localizer.cpp
  model/model.cpp
  model/model_load.cpp
  model/video_forward.cpp
  stream/model_pool.cpp
  stream/network_state.cpp
  stream/network_stream.cpp
  stream/streaming_localizer.cpp)
list(TRANSFORM _basnet_rt_sources PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
add_library(basnet_rt_torch ${BASNET_RT_TORCH_KIND} ${_basnet_rt_sources})
target_link_libraries(basnet_rt_torch PUBLIC basnet_rt::core PRIVATE torch)
target_include_directories(basnet_rt_torch PRIVATE ${CMAKE_CURRENT_LIST_DIR}/..)
target_compile_features(basnet_rt_torch PRIVATE cxx_std_20) # libtorch's headers, from 2.11 on
