# The CUDA backend's part of basnet_rt_core; in a build without one, what says that there is none.
set(_basnet_rt_absent
  batch/absent.cpp
  stream/absent.cpp)
set(_basnet_rt_host
  batch/host_batch.cpp
  batch/plan.cpp
  batch/read_result.cpp
  batch/shapes.cpp
  stream/plan.cpp
  stream/saved.cpp
  stream/turns.cpp)
# What calls the CUDA runtime; kernels are in .cu, which nvcc compiles once per architecture.
set(_basnet_rt_device
  batch/one_call.cpp
  batch/postprocessor.cu
  device/device.cpp
  stream/pool_backend.cpp
  stream/postprocessor.cu)
foreach(_basnet_rt_list IN ITEMS absent host device)
  list(TRANSFORM _basnet_rt_${_basnet_rt_list} PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
endforeach()

if(NOT BASNET_RT_HAS_CUDA)
  target_sources(basnet_rt_core PRIVATE ${_basnet_rt_absent})
  return()
endif()

target_sources(basnet_rt_core PRIVATE ${_basnet_rt_host})
add_library(basnet_rt_cuda_objects OBJECT ${_basnet_rt_device})
set_target_properties(basnet_rt_cuda_objects PROPERTIES
  CUDA_STANDARD 17
  CUDA_STANDARD_REQUIRED ON
  CUDA_RUNTIME_LIBRARY Static
  CUDA_VISIBILITY_PRESET hidden
  CXX_VISIBILITY_PRESET hidden
  VISIBILITY_INLINES_HIDDEN ON
  POSITION_INDEPENDENT_CODE ON)
target_include_directories(basnet_rt_cuda_objects PRIVATE
  ${PROJECT_SOURCE_DIR}/csrc/include ${PROJECT_SOURCE_DIR}/csrc/src)
target_include_directories(basnet_rt_cuda_objects SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
target_compile_definitions(basnet_rt_cuda_objects PRIVATE
  $<TARGET_PROPERTY:basnet_rt_core,INTERFACE_COMPILE_DEFINITIONS>
  CCCL_DISABLE_NVTX) # which would load what an environment variable names
# No fused multiply-add, on either side: results equal the CPU's to the last bit.
set(_basnet_rt_warnings -ffp-contract=off -Wall -Wextra $<$<BOOL:${BASNET_RT_WERROR}>:-Werror>)
target_compile_options(basnet_rt_cuda_objects PRIVATE
  $<$<COMPILE_LANGUAGE:CXX>:${_basnet_rt_warnings}>
  "$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;--expt-relaxed-constexpr;--threads=0;\
-Xcompiler=$<JOIN:${_basnet_rt_warnings},$<COMMA>>>"
  "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${BASNET_RT_WERROR}>>:--Werror=all-warnings>")

# The objects and NVIDIA's static runtime become one object, in which the runtime's names are local.
# So who links this library needs no toolkit, and no second runtime in a program meets this one. The
# runtime comes first and alone: its groups must go with its names, ours must stay, as linkers keep
# one of equal groups.
set(_basnet_rt_runtime ${CMAKE_CURRENT_BINARY_DIR}/basnet_rt_cuda_runtime.o)
set(_basnet_rt_merged ${CMAKE_CURRENT_BINARY_DIR}/basnet_rt_cuda.o)
add_custom_command(OUTPUT ${_basnet_rt_merged}
  COMMAND ${CMAKE_LINKER} -r --force-group-allocation --whole-archive
    $<TARGET_FILE:CUDA::cudart_static> -o ${_basnet_rt_runtime}
  COMMAND ${CMAKE_LINKER} -r $<TARGET_OBJECTS:basnet_rt_cuda_objects> ${_basnet_rt_runtime}
    -o ${_basnet_rt_merged}
  COMMAND ${CMAKE_OBJCOPY} --wildcard --localize-symbol=cuda* --localize-symbol=__cuda*
    --localize-symbol=libcudart_static_* ${_basnet_rt_merged}
  COMMAND ${CMAKE_COMMAND} -E rm ${_basnet_rt_runtime}
  DEPENDS basnet_rt_cuda_objects $<TARGET_OBJECTS:basnet_rt_cuda_objects>
  COMMENT "Joining the CUDA backend with the CUDA runtime"
  COMMAND_EXPAND_LISTS VERBATIM)
set_source_files_properties(${_basnet_rt_merged} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
target_sources(basnet_rt_core PRIVATE ${_basnet_rt_merged})
target_link_libraries(basnet_rt_core PRIVATE ${CMAKE_DL_LIBS} rt) # which the runtime needs
