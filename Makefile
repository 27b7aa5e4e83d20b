# One command each; every one does the set-up it needs. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
# More for pytest: make test-python PYTEST_ARGS="-k gate -x"
PYTEST_ARGS ?=
SANITIZE ?= address,undefined

# Each test process computes on one core: more threads than cores make all of them slow.
export OMP_NUM_THREADS := 1
# This environment's programs first: cmake, ninja, clang-format and the two of this project.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Several stages compile the same files with the same flags, each in a folder of its own.
ifneq ($(shell command -v ccache),)
export CMAKE_CXX_COMPILER_LAUNCHER ?= ccache
export CMAKE_CUDA_COMPILER_LAUNCHER ?= ccache
endif

CPP_SOURCES := $(shell find csrc tests examples service -name '*.cpp' -o -name '*.h' \
  -o -name '*.cu' -o -name '*.cuh' 2>/dev/null)
EXTENSION_SOURCES := $(shell find csrc cmake -type f 2>/dev/null) CMakeLists.txt pyproject.toml

.DEFAULT_GOAL := help
.PHONY: help setup system test demo bench lint checks test-cpp test-torch \
  test-sanitize test-threads test-python test-report test-service \
  test-service-sanitize test-docs test-install docs format clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

# --- set-up -------------------------------------------------------------------------------------

setup: build/.extension ## install everything into .venv, compile the extension

system:
	@scripts/system_packages.sh "$(PYTHON)"

# A second run installs nothing; a change of constraints.txt does.
$(VENV)/.installed: constraints.txt | system
	@echo "== installing into $(VENV) what constraints.txt names (minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -qq -r constraints.txt
	@touch $@

# Device code as PTX alone, which any GPU compiles when it meets it: the quickest build. Real code of
# one architecture is test-cpp's, of all of them the wheel's (test-install).
build/.extension: $(VENV)/.installed $(EXTENSION_SOURCES)
	@echo "== compiling the extension"
	@$(BIN)/pip install -qq --no-build-isolation --no-deps \
	  --config-settings cmake.define.BASNET_RT_WERROR=ON \
	  --config-settings cmake.define.BASNET_RT_CUDA_ARCHITECTURES=75-virtual -e .
	@mkdir -p build && touch $@

# --- tests --------------------------------------------------------------------------------------

STAGES := lint checks test-cpp test-torch test-sanitize test-threads test-python test-report \
  test-service test-service-sanitize test-docs test-install

test: setup ## everything that CI runs; ends in a summary
	@MAKE="$(MAKE)" scripts/run_stages.sh $(STAGES)

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
	ctest --test-dir build/cpp -j $(JOBS) --output-on-failure --no-tests=error

LIBTORCH = $(shell $(BIN)/python -c 'import torch; print(torch.utils.cmake_prefix_path)')

# In the same folder: the core is compiled once. Without sanitizers: pip's libtorch has none.
test-torch: setup ## C++ tests of component torch, against pip's libtorch
	cmake -S . -B build/cpp -G Ninja -DCMAKE_BUILD_TYPE=Release $(CUDA) \
	  -DBASNET_RT_TESTS=ON -DBASNET_RT_WERROR=ON -DBASNET_RT_TORCH=ON \
	  -DCMAKE_PREFIX_PATH=$(LIBTORCH) -DPython_EXECUTABLE=$(CURDIR)/$(BIN)/python
	cmake --build build/cpp -j $(JOBS) --target basnet_rt_torch_tests
	ctest --test-dir build/cpp/tests/cpp/torch -j $(JOBS) --output-on-failure --no-tests=error

comma := ,
SANITIZED := build/cpp-$(subst $(comma),-,$(SANITIZE))
# ThreadSanitizer of gcc before 14 fails by chance where the system spreads addresses wide.
FIXED_ADDRESSES = $(shell setarch -R true 2>/dev/null && echo setarch -R)

test-sanitize: setup ## C++ tests under AddressSanitizer and UBSan
	cmake -S . -B $(SANITIZED) -G Ninja -DCMAKE_BUILD_TYPE=Debug \
	  -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1 -D_GLIBCXX_ASSERTIONS" \
	  -DBASNET_RT_TESTS=ON -DBASNET_RT_SANITIZE=$(SANITIZE) -DBASNET_RT_CUDA=OFF
	$(FIXED_ADDRESSES) cmake --build $(SANITIZED) -j $(JOBS)
	$(FIXED_ADDRESSES) ctest --test-dir $(SANITIZED) -j $(JOBS) --output-on-failure \
	  --no-tests=error

test-threads: ## C++ tests under ThreadSanitizer
	@$(MAKE) --no-print-directory test-sanitize SANITIZE=thread

test-python: setup ## Python tests against the reference and ../shared
	pytest tests/python -n $(JOBS) $(PYTEST_ARGS)

# One build for both programs: with libtorch, and with a network of arithmetic.
test-service: setup ## the gRPC service: streams, faults, limits, restarts
	cmake -S service -B build/service -G Ninja -DCMAKE_BUILD_TYPE=Release \
	  -DBASNET_RT_IN_TREE=ON -DBASNET_RT_SERVICE_FAKE=ON -DBASNET_RT_WERROR=ON \
	  -DBASNET_RT_CUDA=OFF \
	  -DCMAKE_PREFIX_PATH=$(LIBTORCH)
	cmake --build build/service -j $(JOBS)
	pytest tests/service -n $(JOBS) $(PYTEST_ARGS)

SANITIZED_SERVICE := build/service-$(subst $(comma),-,$(SANITIZE))

# Without libtorch, which was built without sanitizers. Debian's gRPC was, too: see the file.
test-service-sanitize: setup ## the service under sanitizers; SANITIZE=thread for the other
	cmake -S service -B $(SANITIZED_SERVICE) -G Ninja -DCMAKE_BUILD_TYPE=Debug \
	  -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1 -D_GLIBCXX_ASSERTIONS" -DBASNET_RT_SANITIZE=$(SANITIZE) \
	  -DBASNET_RT_IN_TREE=ON -DBASNET_RT_SERVICE_TORCH=OFF -DBASNET_RT_SERVICE_FAKE=ON \
	  -DBASNET_RT_CUDA=OFF
	$(FIXED_ADDRESSES) cmake --build $(SANITIZED_SERVICE) -j $(JOBS)
	TSAN_OPTIONS="suppressions=$(CURDIR)/tests/service/tsan_suppressions.txt" \
	  BASNET_RT_SERVICE_BUILD=$(SANITIZED_SERVICE) $(FIXED_ADDRESSES) \
	  pytest tests/service -n $(JOBS) --ignore tests/service/test_service_bundle.py $(PYTEST_ARGS)

test-report: setup ## the report in a headless Chromium
	pytest tests/report -n $(JOBS) $(PYTEST_ARGS)

test-docs: setup docs ## every code block of README.md and docs/
	pytest tests/docs -n $(JOBS) $(PYTEST_ARGS)

test-install: setup ## wheel and sdist in empty environments, a C++ consumer
	pytest tests/install $(PYTEST_ARGS)

# --- the rest -----------------------------------------------------------------------------------

demo: setup ## draw videos, learn from their tags, find actions in unseen ones, evaluate
	@basnet-rt demo

BENCHMARKS := speed.postprocess speed.localize speed.evaluate \
  streaming.push streaming.pool streaming.capacity

bench: setup ## the timings that README.md claims, each after a check of equality
	@for name in $(BENCHMARKS); do \
	  echo "== bench.$$name"; python -m bench.$$name || exit 1; \
	done

docs: setup ## the documentation site, into build/site; a broken link is an error
	NO_MKDOCS_2_WARNING=1 mkdocs build --quiet --strict

format: setup ## rewrite sources to the house format
	ruff check --fix .
	ruff format .
	clang-format -i $(CPP_SOURCES)

clean: ## remove what was built, keep .venv
	rm -rf build dist demo .pytest_cache .mypy_cache .ruff_cache .hypothesis
