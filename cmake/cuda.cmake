# Settings of the CUDA backend, and whether this build has one: BASNET_RT_HAS_CUDA.

set(BASNET_RT_CUDA OFF CACHE STRING "CUDA backend: OFF, ON, or AUTO (where nvcc works)")
set_property(CACHE BASNET_RT_CUDA PROPERTY STRINGS AUTO ON OFF)
set(BASNET_RT_CUDA_ARCHITECTURES "" CACHE STRING
  "GPU architectures, as CMAKE_CUDA_ARCHITECTURES; empty: that, else 75 to 90 and PTX")
if(NOT BASNET_RT_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "BASNET_RT_CUDA is \"${BASNET_RT_CUDA}\"; it must be AUTO, ON or OFF")
endif()

set(BASNET_RT_HAS_CUDA OFF)
if(BASNET_RT_CUDA STREQUAL "OFF")
  return()
endif()

if(NOT CMAKE_CUDA_COMPILER)
  unset(CMAKE_CUDA_COMPILER CACHE) # not found last time: look again
endif()
include(CheckLanguage)
check_language(CUDA)
set(missing "")
if(CMAKE_CUDA_COMPILER)
  # Set before the language is enabled: CMake's own default is not meant for a library.
  foreach(given IN ITEMS "${BASNET_RT_CUDA_ARCHITECTURES}" "${CMAKE_CUDA_ARCHITECTURES}"
          "$ENV{CUDAARCHS}" "75-real;80-real;86-real;89-real;90")
    if(given)
      set(CMAKE_CUDA_ARCHITECTURES ${given})
      break()
    endif()
  endforeach()
  enable_language(CUDA)
  find_package(CUDAToolkit QUIET)
  if(CMAKE_CUDA_COMPILER_VERSION VERSION_LESS 12.0)
    set(missing "nvcc is of CUDA ${CMAKE_CUDA_COMPILER_VERSION}; it must be 12.0 or newer")
  elseif(NOT TARGET CUDA::cudart_static)
    set(missing "the toolkit of ${CMAKE_CUDA_COMPILER} has no libcudart_static.a")
  endif()
else()
  set(missing "nvcc was not found or compiles nothing; PATH, CUDACXX or CMAKE_CUDA_COMPILER \
may name it")
endif()

if(NOT missing)
  set(BASNET_RT_HAS_CUDA ON)
  message(STATUS "CUDA backend: ${CMAKE_CUDA_ARCHITECTURES}")
elseif(BASNET_RT_CUDA STREQUAL "ON")
  message(FATAL_ERROR "BASNET_RT_CUDA is ON, but ${missing}")
else()
  message(STATUS "CUDA backend: none (${missing})")
endif()
