# Toolchain file: 64-bit Arm on another machine, with Debian's cross compiler, run under qemu.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static) # the emulator finds no libraries of that machine
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64;-cpu;max)
