# What a C++ project finds: find_package(basnet_rt), or pkg-config.
include(CMakePackageConfigHelpers)

set(package_dir ${BASNET_RT_LIBRARY_DIR}/cmake/basnet_rt)
set(installed_components core engine)
set_target_properties(basnet_rt_engine PROPERTIES INSTALL_RPATH ${BASNET_RT_BESIDE}) # beside a shared core
if(BASNET_RT_TORCH)
  list(APPEND installed_components torch)
  # Its own shared library finds libtorch where the build found it.
  set_target_properties(basnet_rt_torch PROPERTIES
    INSTALL_RPATH "${BASNET_RT_BESIDE};${TORCH_INSTALL_PREFIX}/lib")
endif()
if(TARGET basnet_rt_c)
  list(APPEND installed_components c)
  set_target_properties(basnet_rt_c PROPERTIES INSTALL_RPATH ${BASNET_RT_BESIDE})
endif()

# One file of targets each: core is found where libtorch is not.
foreach(component IN LISTS installed_components)
  install(TARGETS basnet_rt_${component} EXPORT basnet_rt-${component}-targets
    ARCHIVE DESTINATION ${BASNET_RT_LIBRARY_DIR}
    LIBRARY DESTINATION ${BASNET_RT_LIBRARY_DIR})
  install(EXPORT basnet_rt-${component}-targets NAMESPACE basnet_rt:: DESTINATION ${package_dir})
endforeach()
set(foreign_headers "^$")
if(NOT TARGET basnet_rt_c)
  set(foreign_headers "/c_[a-z]+\\.h$") # of a library that is not here
endif()
install(DIRECTORY csrc/include/basnet_rt DESTINATION ${BASNET_RT_INCLUDE_DIR}
  REGEX ${foreign_headers} EXCLUDE)
if(BASNET_RT_INSTALL_SOURCES)
  install(DIRECTORY csrc/src/torch DESTINATION ${package_dir}/src)
endif()

configure_package_config_file(cmake/basnet_rt-config.cmake.in basnet_rt-config.cmake
  INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(basnet_rt-config-version.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/basnet_rt-torch.cmake.in basnet_rt-torch.cmake @ONLY)
install(FILES
  ${PROJECT_BINARY_DIR}/basnet_rt-config.cmake
  ${PROJECT_BINARY_DIR}/basnet_rt-config-version.cmake
  ${PROJECT_BINARY_DIR}/basnet_rt-torch.cmake
  DESTINATION ${package_dir})

set(BASNET_RT_STATIC_FLAG -DBASNET_RT_STATIC)
set(BASNET_RT_CORE_SYSTEM "")
if(BUILD_SHARED_LIBS)
  set(BASNET_RT_STATIC_FLAG "")
elseif(BASNET_RT_HAS_CUDA)
  set(BASNET_RT_CORE_SYSTEM "-ldl -lrt") # for the CUDA runtime inside
endif()
file(RELATIVE_PATH BASNET_RT_INCLUDE_FROM_PC
  /${BASNET_RT_LIBRARY_DIR}/pkgconfig /${BASNET_RT_INCLUDE_DIR})
foreach(component IN LISTS installed_components)
  configure_file(cmake/basnet_rt_${component}.pc.in basnet_rt_${component}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/basnet_rt_${component}.pc
    DESTINATION ${BASNET_RT_LIBRARY_DIR}/pkgconfig)
endforeach()
