"""The place of the C++ library in this package."""

from __future__ import annotations

from pathlib import Path

from basnet_rt import _core


def cmake_prefix() -> str:
    """The folder for CMAKE_PREFIX_PATH: C++ headers, the static core and the CMake package.

    Component `torch` comes as sources. `find_package(basnet_rt COMPONENTS torch)` compiles them
    with the libtorch that it finds; docs/cpp.md says why.
    """
    # Beside the extension: an editable install keeps its Python sources somewhere else.
    return str(Path(_core.__file__).parent / "cpp")
