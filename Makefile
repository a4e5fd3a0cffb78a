# perpgate. `make help` tells what there is; every target sets up what it needs: .venv, packages, compiled modules.

PYTHON ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
SECONDS ?= 60
ARGS ?=

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
COMPILED_FROM := $(shell find cython engine/include -name '*.pyx' -o -name '*.pxd' -o -name '*.h') setup.py
COMPILED_TESTS = $(wildcard tests/unit tests/property)
SAY = @printf '== %s\n'

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test bench check build debug trace sanitize diff fuzz crash conformance source lint types cover gen clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "  Options: ARGS='...' for the program, JOBS=n parallel jobs, SECONDS=n for diff, PYTHON=path for .venv"

demo: build/.compiled ## starts the venue, trades real order flow through it, kills it, recovers: about a minute
	$(SAY) "demo"
	@$(VENV)/bin/perpgate demo $(ARGS)

test: $(VENV)/.installed-test build/.compiled ## the tests
	$(SAY) "tests, $(JOBS) at a time"
	@$(PY) -m pytest -n $(JOBS) --dist worksteal $(ARGS)

bench: $(VENV)/.installed-test build/.compiled ## benchmarks beside their targets; ARGS=--json for machines
	$(SAY) "benchmarks"
	@$(PY) -m tests.bench $(ARGS)

check: lint types test ## everything: style, types, source rules and all tests
	$(SAY) "all checks passed"

build: build/.compiled ## the compiled modules

diff: $(VENV)/.installed-test build/.compiled ## compares both engines on fresh random commands for SECONDS seconds
	$(SAY) "differential test of the engines, $(SECONDS) s, $(JOBS) at a time"
	@$(PY) -m tests.property.diff --seconds $(SECONDS) --jobs $(JOBS) $(ARGS)

fuzz: $(VENV)/.installed-test build/.compiled ## a million mutated FIX messages at framing, session and socket level
	@$(PY) -m tests.property.fix_fuzz $(ARGS)

crash: $(VENV)/.installed-test build/.compiled ## kills processes, cuts and damages files
	@$(PY) -m pytest -m crash $(ARGS)

conformance: $(VENV)/.installed-test build/.compiled ## drives a live venue over sockets
	@$(PY) -m pytest -m conformance $(ARGS)

source: $(VENV)/.installed-dev build/.compiled ## import rules, lengths, banned names, generated files
	@$(PY) -m pytest tests/source $(ARGS)

lint: $(VENV)/.installed-dev ## ruff
	$(SAY) "style"
	@$(VENV)/bin/ruff check .

types: $(VENV)/.installed-dev build/.compiled ## mypy on both packages, and the stubs against the compiled modules
	$(SAY) "types"
	@$(VENV)/bin/mypy
	@$(PY) -m mypy.stubtest --ignore-disjoint-bases --allowlist tests/source/stubtest_allowlist.txt \
	  $(subst /,.,$(basename $(shell find engine gateway -name '*.pyi')))

gen: $(VENV)/.installed ## writes the generated files again
	@$(PY) -m engine.declarations --write
	@$(PY) -m gateway.binary.document --write
	@$(PY) -m gateway.fix.rules --write

# ------------------------------------------------------------------------------------------- other flavours
# Each in a copy of the tree under build/, so that the ordinary build stays as it is.

define copy_tree
@mkdir -p build/$(1)
@find build/$(1) \( -name '*.py' -o -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' \) -delete
@tar -cf - --exclude='*.so' --exclude='cython/*.c' --exclude='*.html' --exclude=__pycache__ --exclude='*.egg-info' \
  README.md pyproject.toml setup.py cython engine gateway config docs tests | tar -xf - -C build/$(1)
endef
INSIDE = env PYTHONPATH=. ../../$(PY)

debug: $(VENV)/.installed-test ## -O0, bounds checks, for gdb: build/debug
	$(SAY) "debug build in build/debug"
	$(call copy_tree,debug)
	@cd build/debug && PERPGATE_DEBUG=1 PERPGATE_ANNOTATE=1 ../../$(PY) setup.py -q egg_info build_ext --inplace
	@cd build/debug && $(INSIDE) -m pytest $(COMPILED_TESTS) -m "not slow" $(ARGS)

trace: $(VENV)/.installed-dev ## line tracing, for coverage: build/trace
	$(SAY) "line tracing build in build/trace"
	@$(PY) -c 'import sys; sys.exit("coverage of compiled modules needs Python 3.11: set PYTHON and make clean-venv") if sys.version_info[:2] != (3, 11) else 0'
	$(call copy_tree,trace)
	@cd build/trace && PERPGATE_TRACE=1 ../../$(PY) setup.py -q egg_info build_ext --inplace

cover: trace ## coverage of Python and of Cython
	$(SAY) "coverage"
	@cd build/trace && rm -f .coverage* && PERPGATE_DIFF_COMMANDS=30000 $(INSIDE) -m coverage run -m pytest -q -m "not slow and not crash" $(ARGS)
	@cd build/trace && ../../$(PY) -m coverage combine -q; ../../$(PY) -m coverage report --sort=cover

sanitize: $(VENV)/.installed-test ## unit and differential tests under the address and undefined-behaviour sanitizers
	$(SAY) "sanitizer build in build/sanitize"
	$(call copy_tree,sanitize)
	@cd build/sanitize && PERPGATE_SANITIZE=1 ../../$(PY) setup.py -q egg_info build_ext --inplace
	@cd build/sanitize && LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" PYTHONMALLOC=malloc \
	  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 PERPGATE_DIFF_COMMANDS=30000 \
	  $(INSIDE) -m pytest -q $(COMPILED_TESTS) -m "not slow" $(ARGS)

clean: ## removes everything that was built, keeps .venv
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* htmlcov
	find cython engine gateway tests \( -name '*.so' -o -name '__pycache__' \) -prune -exec rm -rf {} +
	find cython \( -name '*.c' -o -name '*.cpp' -o -name '*.html' \) -delete

# -------------------------------------------------------------------------------------------------- set-up

$(VENV)/.created:
	$(SAY) "Python environment in $(VENV)"
	@set -e; \
	for p in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then found=$$p; break; fi; \
	done; \
	if [ -z "$$found" ]; then echo "perpgate needs Python 3.11 or newer (Debian 12: apt-get install python3); set PYTHON=path when it is not on PATH"; exit 1; fi; \
	if ! $$found -c 'import ensurepip, venv' 2>/dev/null; then echo "$$found cannot make environments: apt-get install python3-venv"; exit 1; fi; \
	if ! command -v gcc >/dev/null; then echo "perpgate needs a C compiler: apt-get install gcc"; exit 1; fi; \
	if ! $$found -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'; then \
	  echo "$$found has no C headers: apt-get install python3-dev"; exit 1; fi; \
	rm -rf $(VENV); $$found -m venv $(VENV); $(PY) --version
	@touch $@

$(VENV)/.installed: $(VENV)/.created pyproject.toml
	$(SAY) "packages that perpgate runs on"
	@$(PY) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' >$(VENV)/build-requires.txt
	@$(PIP) install -q -r $(VENV)/build-requires.txt
	@PERPGATE_ONLY=- $(PIP) install -q --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(SAY) "packages that the tests need (quickfix is compiled: about 6 minutes on 2 cores, once)"
	@PERPGATE_ONLY=- $(PIP) install -q --no-build-isolation -e '.[test]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed-test
	$(SAY) "packages of the style and type checks"
	@PERPGATE_ONLY=- $(PIP) install -q --no-build-isolation -e '.[test,dev]'
	@touch $@

build/.compiled: $(COMPILED_FROM) $(VENV)/.installed
	$(SAY) "compiling the modules under cython/ ($(words $(filter %.pyx,$(COMPILED_FROM)))), a minute and a half on two cores when all are new"
	@mkdir -p build
	@$(PY) setup.py -q build_ext --inplace $(if $(filter setup.py,$?),$(if $(wildcard $@),--force))
	@touch $@
