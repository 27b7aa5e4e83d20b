# What the components have in common: names, what they show, and how they are compiled.

# Warnings, and floating point that does not depend on the compiler and the machine: a stream and the
# whole video must agree in the last bit, so nothing is contracted to a fused multiply-add.
function(basnet_rt_compile_options target)
  if(MSVC)
    target_compile_options(${target} PRIVATE /W4 /utf-8 /permissive- /fp:precise
      $<$<BOOL:${BASNET_RT_WERROR}>:/WX>)
    target_compile_definitions(${target} PRIVATE NOMINMAX)
  else()
    target_compile_options(${target} PRIVATE -ffp-contract=off -Wall -Wextra -Wpedantic
      $<$<BOOL:${BASNET_RT_WERROR}>:-Werror>)
  endif()
endfunction()

# The names of a file for the linker of ELF; elsewhere visibility alone decides what is shown.
function(basnet_rt_show_only target exports)
  if(UNIX AND NOT APPLE)
    target_link_options(${target} PRIVATE LINKER:--version-script=${exports})
    set_target_properties(${target} PROPERTIES LINK_DEPENDS ${exports})
  endif()
endfunction()

# Where a library looks for those that lie beside it.
if(APPLE)
  set(BASNET_RT_BESIDE "@loader_path")
else()
  set(BASNET_RT_BESIDE "$ORIGIN")
endif()

function(basnet_rt_component name)
  set(target basnet_rt_${name})
  add_library(basnet_rt::${name} ALIAS ${target})
  # Before 1.0 a minor version may change the interface.
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_compile_features(${target} PUBLIC cxx_std_17) # a floor for embedders
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/csrc/include>
           $<INSTALL_INTERFACE:${BASNET_RT_INCLUDE_DIR}>
    PRIVATE ${PROJECT_SOURCE_DIR}/csrc/src)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    target_compile_definitions(${target} PUBLIC BASNET_RT_STATIC)
  endif()
  basnet_rt_compile_options(${target})
  # Nothing here reads the floating-point flags. Results stay the same; loops with a choice in them
  # work on several numbers at once.
  if(NOT MSVC)
    target_compile_options(${target} PRIVATE -fno-trapping-math)
  endif()
endfunction()
