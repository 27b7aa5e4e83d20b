# What a C++ project finds: `find_package(basnet_rt)`, then `basnet_rt::core`.
include(CMakePackageConfigHelpers)

set(BASNET_RT_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/basnet_rt)

install(TARGETS basnet_rt_core EXPORT basnet_rt-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY csrc/include/basnet_rt DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT basnet_rt-targets NAMESPACE basnet_rt:: DESTINATION ${BASNET_RT_CMAKE_DIR})

configure_package_config_file(cmake/basnet_rt-config.cmake.in basnet_rt-config.cmake
  INSTALL_DESTINATION ${BASNET_RT_CMAKE_DIR})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(basnet_rt-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/basnet_rt-config.cmake
  ${PROJECT_BINARY_DIR}/basnet_rt-config-version.cmake
  DESTINATION ${BASNET_RT_CMAKE_DIR})
