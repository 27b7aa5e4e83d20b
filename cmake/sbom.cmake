# What the extension was compiled of, for the wheel's metadata: a CycloneDX list without times and
# random numbers, so that two builds have the same bytes.
set(parts "")
function(basnet_rt_part name version license)
  set(part "    {\"type\": \"library\", \"name\": \"${name}\", \"version\": \"${version}\", \"licenses\": \
[{\"expression\": \"${license}\"}]}")
  set(parts ${parts} "${part}" PARENT_SCOPE)
endfunction()

basnet_rt_part(pybind11 "${pybind11_VERSION}" BSD-3-Clause)
if(BASNET_RT_OLD_GLIBC)
  basnet_rt_part(libstdc++ "${CMAKE_CXX_COMPILER_VERSION}"
    "GPL-3.0-or-later WITH GCC-exception-3.1")
endif()
if(BASNET_RT_HAS_CUDA)
  basnet_rt_part(cudart_static "${CUDAToolkit_VERSION}" LicenseRef-NVIDIA-CUDA-EULA)
  basnet_rt_part(cub "${CUDAToolkit_VERSION}" BSD-3-Clause)
endif()
list(JOIN parts ",\n" BASNET_RT_SBOM_PARTS)
configure_file(${PROJECT_SOURCE_DIR}/cmake/basnet_rt.cdx.json.in
  ${PROJECT_BINARY_DIR}/basnet_rt.cdx.json @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/basnet_rt.cdx.json DESTINATION ${SKBUILD_METADATA_DIR}/sboms)
