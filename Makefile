# One command each; every one does the set-up it needs. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
# More for pytest: make test-python PYTEST_ARGS="-k gate -x"
PYTEST_ARGS ?=
SANITIZE ?= address,undefined

# What Python compiles it keeps, whatever the caller's environment says: hundreds of processes import
# torch, and compiling its sources anew takes each of them seconds.
export PYTHONDONTWRITEBYTECODE :=

# Each test process computes on one core: more threads than cores make all of them slow.
export OMP_NUM_THREADS := 1
# This environment's programs first: cmake, ninja, clang-format and the two of this project.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Several stages compile the same files with the same flags, each in a folder of its own, two deep in
# a source tree below this one. With paths that count from there ccache compiles them once, for the
# wheel too. It is looked for when a recipe runs: the set-up may just have installed it.
export CMAKE_CXX_COMPILER_LAUNCHER ?= $(shell command -v ccache)
export CMAKE_CUDA_COMPILER_LAUNCHER ?= $(shell command -v ccache)
export CCACHE_BASEDIR ?= $(CURDIR)
export CXX # under one name everywhere: pip would take Python's, CMake c++
export CCACHE_NOHASHDIR ?= 1

CPP_SOURCES := $(shell find csrc tests examples service -name '*.cpp' -o -name '*.h' \
  -o -name '*.cu' -o -name '*.cuh' 2>/dev/null)
EXTENSION_SOURCES := $(shell find csrc cmake -type f 2>/dev/null) CMakeLists.txt pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help setup system test demo bench lint checks test-cpp test-arm test-torch \
  test-sanitize test-threads test-python test-report test-service \
  test-service-sanitize test-docs test-install test-matrix docs format clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

# --- set-up -------------------------------------------------------------------------------------

setup: build/.extension ## install everything into .venv, compile the extension

system:
	@scripts/system_packages.sh "$(PYTHON)"

# A second run installs nothing; a change of constraints.txt does. Python compiles what it imports:
# --no-compile spares the rest.
$(VENV)/.installed: constraints.txt | system
	@echo "== installing into $(VENV) what constraints.txt names (minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq --no-compile --require-hashes -r constraints.txt
	@touch $@

# Without device code, as `pip install` builds it: that is test-cpp's.
build/.extension: $(VENV)/.installed $(EXTENSION_SOURCES)
	@echo "== compiling the extension"
	@$(BIN)/pip install -qq --no-build-isolation --no-deps \
	  --config-settings cmake.define.BASNET_RT_WERROR=ON -e .
	@mkdir -p build && touch $@

# --- tests --------------------------------------------------------------------------------------

# Joined by +: at the same time, as each alone leaves a core idle. The first of them takes longest.
STAGES := setup lint+checks test-cpp test-torch test-sanitize test-python test-service \
  test-service-sanitize test-install+test-docs+test-report+test-arm+test-threads

test: ## everything that CI runs; ends in a summary
	@MAKE="$(MAKE)" JOBS=$(JOBS) scripts/run_stages.sh $(STAGES)

lint: setup ## ruff, mypy --strict, clang-format; changes nothing
	@status=0; \
	for check in "ruff check ." "ruff format --check ." mypy \
	  "clang-format --dry-run -Werror $(CPP_SOURCES)"; do \
	  echo "$$check" | cut -c -80; $$check || status=1; \
	done; exit $$status

checks: setup ## the house rules that a program can judge
	pytest tests/checks $(PYTEST_ARGS)

# Where there is nvcc, a CUDA backend that does not compile fails and is not left out.
CUDA := -DBASNET_RT_CUDA=$(if $(shell command -v nvcc),ON,OFF) -DBASNET_RT_CUDA_ARCHITECTURES=90

test-cpp: setup ## C++ tests, warnings are errors
	cmake -S . -B build/cpp -G Ninja -DCMAKE_BUILD_TYPE=Release $(CUDA) \
	  -DBASNET_RT_TESTS=ON -DBASNET_RT_WERROR=ON -DBASNET_RT_TORCH=OFF
	cmake --build build/cpp -j $(JOBS)
	scripts/run_ctest.sh build/cpp $(JOBS)

# Arm's kernels too, and whether engine and core give the bits that are pinned for every machine.
test-arm: setup ## tests of core, engine and C interface for aarch64, under an emulator
	cmake -S . -B build/arm -G Ninja -DCMAKE_BUILD_TYPE=Release \
	  -DCMAKE_TOOLCHAIN_FILE=cmake/aarch64.cmake -DBASNET_RT_TESTS=ON -DBASNET_RT_WERROR=ON \
	  -DBASNET_RT_TORCH=OFF -DBASNET_RT_CUDA=OFF
	cmake --build build/arm -j $(JOBS) --target basnet_rt_engine_tests basnet_rt_tests
	@status=0; for tests in basnet_rt_engine_tests basnet_rt_tests; do \
	  qemu-aarch64 -cpu max build/arm/tests/cpp/$$tests --gtest_brief=1 || status=1; \
	done; exit $$status

LIBTORCH = $(shell $(BIN)/python -c 'import torch; print(torch.utils.cmake_prefix_path)')

# In the same folder: the core is compiled once. Without sanitizers: pip's libtorch has none.
test-torch: setup ## C++ tests of component torch, against pip's libtorch
	cmake -S . -B build/cpp -G Ninja -DCMAKE_BUILD_TYPE=Release $(CUDA) \
	  -DBASNET_RT_TESTS=ON -DBASNET_RT_WERROR=ON -DBASNET_RT_TORCH=ON \
	  -DCMAKE_PREFIX_PATH=$(LIBTORCH) -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python
	cmake --build build/cpp -j $(JOBS) --target basnet_rt_torch_tests
	scripts/run_ctest.sh build/cpp/tests/cpp/torch $(JOBS)

comma := ,
# The same for the library and the service: ccache compiles the library once for both.
SANITIZED_FLAGS := -DCMAKE_CXX_FLAGS_DEBUG="-O0 -g1 -D_GLIBCXX_ASSERTIONS"
SANITIZED := build/cpp-$(subst $(comma),-,$(SANITIZE))
# ThreadSanitizer of gcc before 14 fails by chance where the system spreads addresses wide.
FIXED_ADDRESSES = $(shell setarch -R true 2>/dev/null && echo setarch -R)

test-sanitize: setup ## C++ tests under AddressSanitizer and UBSan
	cmake -S . -B $(SANITIZED) -G Ninja -DCMAKE_BUILD_TYPE=Debug \
	  $(SANITIZED_FLAGS) \
	  -DBASNET_RT_TESTS=ON -DBASNET_RT_SANITIZE=$(SANITIZE) -DBASNET_RT_CUDA=OFF
	$(FIXED_ADDRESSES) cmake --build $(SANITIZED) -j $(JOBS)
	$(FIXED_ADDRESSES) scripts/run_ctest.sh $(SANITIZED) $(JOBS)

test-threads: ## C++ tests under ThreadSanitizer
	@$(MAKE) --no-print-directory test-sanitize SANITIZE=thread

test-python: setup ## Python tests against the reference and ../shared
	pytest tests/python -n $(JOBS) $(PYTEST_ARGS)

# One build for both programs: with the native engine, and with a network of arithmetic.
test-service: setup ## the gRPC service: streams, faults, limits, restarts
	cmake -S service -B build/service -G Ninja -DCMAKE_BUILD_TYPE=Release \
	  -DBASNET_RT_IN_TREE=ON -DBASNET_RT_SERVICE_FAKE=ON -DBASNET_RT_WERROR=ON \
	  -DBASNET_RT_CUDA=OFF
	cmake --build build/service -j $(JOBS)
	pytest tests/service -n $(JOBS) $(PYTEST_ARGS)

SANITIZED_SERVICE := build/service-$(subst $(comma),-,$(SANITIZE))

# Debian's gRPC was built without sanitizers: see the file. AddressSanitizer asks /proc where the
# stack lies, and the image has none.
test-service-sanitize: setup ## the service under sanitizers; SANITIZE=thread for the other
	cmake -S service -B $(SANITIZED_SERVICE) -G Ninja -DCMAKE_BUILD_TYPE=Debug \
	  $(SANITIZED_FLAGS) -DBASNET_RT_SANITIZE=$(SANITIZE) \
	  -DBASNET_RT_IN_TREE=ON -DBASNET_RT_SERVICE_FAKE=ON \
	  -DBASNET_RT_CUDA=OFF
	$(FIXED_ADDRESSES) cmake --build $(SANITIZED_SERVICE) -j $(JOBS)
	TSAN_OPTIONS="suppressions=$(CURDIR)/tests/service/tsan_suppressions.txt" \
	  BASNET_RT_SERVICE_BUILD=$(SANITIZED_SERVICE) $(FIXED_ADDRESSES) \
	  pytest tests/service -n $(JOBS) --ignore tests/service/test_service_bundle.py \
	  --ignore tests/service/test_service_image.py $(PYTEST_ARGS)

test-report: setup ## the report in a headless Chromium
	pytest tests/report -n $(JOBS) $(PYTEST_ARGS)

test-docs: setup docs ## every code block of README.md and docs/
	pytest tests/docs -n $(JOBS) $(PYTEST_ARGS)

test-install: setup ## wheel and sdist in empty environments, a C++ consumer
	pytest tests/install $(PYTEST_ARGS)

# --- the rest -----------------------------------------------------------------------------------

# A checkout that is set up for development has all it needs; elsewhere a small environment.
DEMO := $(if $(wildcard build/.extension),build/.extension,.venv-demo/.installed)

demo: $(DEMO) ## draw videos, learn from their tags, find actions in unseen ones, evaluate
	@$(if $(filter .venv-demo/%,$(DEMO)),.venv-demo/bin/)basnet-rt demo

# The package with extra `demo`, in the versions of constraints.txt; hashes would want one of the
# checkout itself.
.venv-demo/.installed: constraints.txt $(EXTENSION_SOURCES)
	@scripts/system_packages.sh "$(PYTHON)" demo
	@echo "== installing into .venv-demo what the demo needs"
	@test -x .venv-demo/bin/python || $(PYTHON) -m venv .venv-demo
	@sed -E 's/ *\\$$//; /^ *--hash/d' constraints.txt >.venv-demo/pins.txt
	@PIP_CONSTRAINT=$(CURDIR)/.venv-demo/pins.txt .venv-demo/bin/pip install -qq --no-compile '.[demo]'
	@touch $@

BENCHMARKS := speed.postprocess speed.localize speed.evaluate \
  streaming.push streaming.pool streaming.capacity

bench: setup ## the timings that README.md claims, each after a check of equality
	@for name in $(BENCHMARKS); do \
	  echo "== bench.$$name"; python -m bench.$$name || exit 1; \
	done

test-matrix: setup ## oldest and newest Python, NumPy and torch; minutes, gigabytes; not in CI
	scripts/test_matrix.sh -t

docs: setup ## the documentation site, into build/site; a broken link is an error
	NO_MKDOCS_2_WARNING=1 mkdocs build --quiet --strict

format: setup ## rewrite sources to the house format
	ruff check --fix .
	ruff format .
	clang-format -i $(CPP_SOURCES)

clean: ## remove what was built, keep .venv
	rm -rf build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
