# Toolchain file: macOS on another machine, with the compiler, headers and linker that Zig brings
# (pip install ziglang).
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR arm64)
set(CMAKE_CXX_COMPILER python3)
set(CMAKE_CXX_COMPILER_ARG1 "-m ziglang c++ -target aarch64-macos.11.0")
# Debian's ar knows no object files of macOS.
set(CMAKE_CXX_ARCHIVE_CREATE "python3 -m ziglang ar qc <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_APPEND "python3 -m ziglang ar q <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_CXX_ARCHIVE_FINISH "python3 -m ziglang ranlib <TARGET>")
