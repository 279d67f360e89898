# One verb for each chore; each does all its set-up on a machine that has only Python 3.11 or later.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.PHONY: demo test check bench profile parity docs fuzz lock clean

demo: $(VENV)/.core
	@$(BIN)/headrace demo

test: $(VENV)/.dev
	@$(BIN)/python -m pytest

check: $(VENV)/.dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && PYTHONPATH=src $(BIN)/lint-imports

bench: $(VENV)/.dev
	@$(BIN)/python -m bench.run

profile: $(VENV)/.dev
	@$(BIN)/python -m bench.profile

parity: $(VENV)/.dev
	@HEADRACE_PARITY=all $(BIN)/python -m pytest tests/parity tests/truth --timeout 1800

docs: $(VENV)/.dev
	@$(BIN)/python docs/diagnostics.py && $(BIN)/python docs/build.py

fuzz: $(VENV)/.dev
	@$(BIN)/python -m tests.spec.fuzz --count 20000

# The locks are made by uv from pyproject.toml; they name versions and hashes, no host.
lock: $(VENV)/.dev
	@$(PIP) install uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements/core.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate --extra dev pyproject.toml -o requirements/dev.txt

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "headrace needs Python 3.11 or later; none was found on PATH"; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON) (once) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.core: requirements/core.txt pyproject.toml | $(VENV)/bin/python
	@$(PIP) install -r requirements/core.txt
	@$(PIP) install --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.core
	@$(PIP) install -r requirements/dev.txt
	@touch $@

clean:
	rm -rf $(VENV) build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
