# `make demo` and `make test` need only python3 (3.11 to 3.13), git and make. `make help` lists all.
# Every path is relative, so a checkout may stand anywhere, also under a name with a space.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check
# Two processes, each with a warehouse of its own: much of a test is waiting for the other side.
PYTEST := $(PY) -m pytest -q -n 2 --dist loadfile
CODE := scheduler sandbox tests bench
LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --quiet \
	--custom-compile-command "make lock" $(UPGRADE)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint nightly bench fidelity docs lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.installed profiles.yml ## the main job on this machine, from telemetry to a refreshed dataset
	@$(PY) -m sandbox.demo

test: $(VENV)/.installed-dev profiles.yml ## all tests but the nightly ones
	@$(PYTEST) -m "not nightly"

nightly: $(VENV)/.installed-dev profiles.yml ## all tests, the long ones too
	@$(PYTEST)

lint: $(VENV)/.installed-dev profiles.yml ## format, types, SQL style, dbt project
	@$(BIN)/ruff check $(CODE)
	@$(BIN)/ruff format --check $(CODE)
	@$(BIN)/mypy $(CODE)
	@$(BIN)/sqlfluff lint --disable-progress-bar models procedures tests/dbt
	@$(BIN)/dbt --quiet parse --no-partial-parse

bench: $(VENV)/.installed profiles.yml ## every promise of the README measured, with the machine (runs demo and test too)
	@$(PY) -m bench --whole

docs: $(VENV)/.installed profiles.yml ## dbt docs of what the last demo built
	@$(PY) -m sandbox.demo --only-docs

fidelity: $(VENV)/.installed-dev ## the examples of AWS's own guide, and what Redshift refuses
	@$(PY) -m pytest -q tests/sandbox/engine/test_functions.py tests/sandbox/engine/test_super.py \
	  tests/sandbox/gate

lock: $(VENV)/.installed-dev ## write both lock files anew (UPGRADE=--upgrade takes the newest versions)
	@$(LOCK) pyproject.toml --group install --group dev -o requirements-dev.txt
	@$(LOCK) pyproject.toml --group install -c requirements-dev.txt -o requirements.txt

clean: ## remove what was made, but not .sandbox/ and profiles.yml, which may hold your work
	@if [ -x $(BIN)/sandbox ]; then $(BIN)/sandbox --home .demo/sandbox down --delete; fi
	rm -rf $(VENV) .demo target logs .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else \
	  "$(PYTHON) is %d.%d; needed: 3.11, 3.12 or 3.13. Name one: make PYTHON=python3.12 ..." \
	  % sys.version_info[:2])'
	@$(PYTHON) -m venv --clear $(VENV)

# --require-hashes trusts only what the lock names; --no-deps with it keeps pip from looking for more,
# and `pip check` proves that nothing is missing.
$(VENV)/.installed: requirements.txt pyproject.toml | $(PY)
	@echo "Installing into $(VENV) (once; a minute or two) ..."
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(PIP) check >/dev/null || { $(PIP) check; exit 1; }
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "Installing the test tools into $(VENV) (once) ..."
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements-dev.txt
	@$(PIP) check >/dev/null || { $(PIP) check; exit 1; }
	@touch $@

# Yours to edit, so it is never overwritten.
profiles.yml: | profiles.example.yml
	@cp profiles.example.yml $@
