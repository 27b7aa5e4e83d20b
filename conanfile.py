"""Conan 2 recipe of the C++ and C libraries: `conan create .` in a checkout."""

from __future__ import annotations

import re
from pathlib import Path

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy


class BasnetRt(ConanFile):
    """Core, engine and C library; CMake's package is the project's own."""

    name = "basnet_rt"
    license = "MIT"
    description = "BaS-Net post-processing, streaming and evaluation"
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False]}  # noqa: RUF012 (the form that Conan reads)
    default_options = {"shared": False}  # noqa: RUF012
    exports_sources = "CMakeLists.txt", "LICENSE", "THIRD_PARTY.txt", "cmake/*", "csrc/*"

    def set_version(self) -> None:
        """That of CMakeLists.txt, which is the only one."""
        text = (Path(self.recipe_folder) / "CMakeLists.txt").read_text()
        found = re.search(r"project\(basnet_rt VERSION ([0-9.]+)", text)
        self.version = found[1] if found else None

    def layout(self) -> None:
        cmake_layout(self)

    def generate(self) -> None:
        CMakeToolchain(self).generate()

    def build(self) -> None:
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self) -> None:
        CMake(self).install()
        for name in ("LICENSE", "THIRD_PARTY.txt"):
            copy(self, name, self.source_folder, str(Path(self.package_folder) / "licenses"))

    def package_info(self) -> None:
        """`find_package(basnet_rt)` finds what was installed; Conan writes no second one."""
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = ["lib/cmake/basnet_rt"]
