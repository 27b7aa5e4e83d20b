# A Debian package of everything that `cmake --install` installs: `cpack -G DEB` in a build folder.
set(CPACK_PACKAGE_NAME libbasnet-rt-dev)
set(CPACK_PACKAGE_VENDOR "The basnet_rt authors")
set(CPACK_PACKAGE_CONTACT "The basnet_rt authors <nobody@localhost>") # a distributor's own goes here
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON) # asks dpkg-shlibdeps which versions of libstdc++ and libc
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "cmake, pkg-config")
# The loader's cache is made anew, so that programs find libbasnet_rt_c.so.
file(WRITE ${PROJECT_BINARY_DIR}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/triggers)
include(CPack)
