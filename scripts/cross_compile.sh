#!/usr/bin/env bash
# Compiles core, engine and C library for systems that are not at hand, with warnings as errors.
# Nothing is run; `make test-arm` runs the tests for 64-bit Arm under an emulator.
#
# usage: cross_compile.sh [windows] [arm] [macos]
# Needs Debian's g++-mingw-w64-x86-64-posix and g++-aarch64-linux-gnu; for macOS on 64-bit Arm
# `pip install ziglang` into the environment of `python3`.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
unset CMAKE_CXX_COMPILER_LAUNCHER # ccache does not know every one of these compilers
targets=("$@")
((${#targets[@]})) || targets=(windows arm macos)
for target in "${targets[@]}"; do
  case $target in
    windows) toolchain=mingw.cmake ;;
    arm) toolchain=aarch64.cmake ;;
    macos)
      toolchain=macos.cmake
      python3 -m ziglang version >/dev/null || { echo "macos: pip install ziglang" >&2; exit 1; }
      ;;
    *) echo "no such system: $target" >&2; exit 2 ;;
  esac
  cmake -S . -B "build/cross-$target" -G Ninja --log-level=ERROR -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/$toolchain" -DBASNET_RT_WERROR=ON -DBASNET_RT_C=ON
  cmake --build "build/cross-$target" -j "${JOBS:-2}" --target \
    basnet_rt_core basnet_rt_engine basnet_rt_c
  echo "$target: core, engine and C library compile"
done
