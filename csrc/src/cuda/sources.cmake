# The CUDA backend's part of basnet_rt_core; in a build without one, what says that there is none.
if(NOT BASNET_RT_HAS_CUDA)
  target_sources(basnet_rt_core PRIVATE src/cuda/absent.cpp)
  return()
endif()

target_sources(basnet_rt_core PRIVATE
  src/cuda/host_batch.cpp
  src/cuda/plan.cpp
  src/cuda/read_result.cpp
  src/cuda/shapes.cpp)

add_library(basnet_rt_cuda_objects OBJECT
  src/cuda/device.cu
  src/cuda/one_call.cu
  src/cuda/postprocessor.cu)
set_target_properties(basnet_rt_cuda_objects PROPERTIES
  CUDA_STANDARD 17
  CUDA_STANDARD_REQUIRED ON
  CUDA_RUNTIME_LIBRARY Static
  CUDA_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON
  POSITION_INDEPENDENT_CODE ON)
target_include_directories(basnet_rt_cuda_objects PRIVATE
  ${PROJECT_SOURCE_DIR}/csrc/include ${PROJECT_SOURCE_DIR}/csrc/src)
target_compile_definitions(basnet_rt_cuda_objects PRIVATE
  $<TARGET_PROPERTY:basnet_rt_core,INTERFACE_COMPILE_DEFINITIONS>
  CCCL_DISABLE_NVTX) # which would load what an environment variable names
# No fused multiply-add, on either side: results equal the CPU's to the last bit.
target_compile_options(basnet_rt_cuda_objects PRIVATE
  --fmad=false --expt-relaxed-constexpr --threads=0 -Xcompiler=-ffp-contract=off,-Wall,-Wextra
  $<$<BOOL:${BASNET_RT_WERROR}>:--Werror=all-warnings>)

# The objects and NVIDIA's static runtime become one object, in which the runtime's names are local.
# So who links this library needs no toolkit, and no second runtime in a program meets this one.
set(_basnet_rt_merged ${CMAKE_CURRENT_BINARY_DIR}/basnet_rt_cuda.o)
add_custom_command(OUTPUT ${_basnet_rt_merged}
  COMMAND ${CMAKE_LINKER} -r --force-group-allocation -o ${_basnet_rt_merged}
    $<TARGET_OBJECTS:basnet_rt_cuda_objects> $<TARGET_FILE:CUDA::cudart_static>
  COMMAND ${CMAKE_OBJCOPY} --wildcard --localize-symbol=cuda* --localize-symbol=__cuda*
    --localize-symbol=libcudart_static_* ${_basnet_rt_merged}
  DEPENDS basnet_rt_cuda_objects $<TARGET_OBJECTS:basnet_rt_cuda_objects>
  COMMENT "Joining the CUDA backend with the CUDA runtime"
  COMMAND_EXPAND_LISTS VERBATIM)
set_source_files_properties(${_basnet_rt_merged} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
target_sources(basnet_rt_core PRIVATE ${_basnet_rt_merged})
target_link_libraries(basnet_rt_core PRIVATE ${CMAKE_DL_LIBS} rt) # which the runtime needs
