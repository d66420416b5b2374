# Two commands: `make night [REPO=path]` and `make test`. Everything else is in CONTRIBUTING.md.
PYTHON ?= python3
REPO ?= .
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt

.PHONY: night test quick lint bench crashtest coverage system-packages clean

night: $(VENV)/ready
	$(BIN)/python -m daydream --root "$(REPO)" run

# Every core takes whole files, so that what a file sets up once is set up once.
test: system-packages lint
	$(BIN)/python -m pytest -n auto --dist loadfile

quick: $(VENV)/ready-for-tests
	$(BIN)/python -m pytest -x -q tests/unit tests/contract tests/flow

lint: $(VENV)/ready-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

coverage: $(VENV)/ready-for-tests
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest
	$(BIN)/python -m coverage combine
	$(BIN)/python -m coverage report

crashtest: $(VENV)/ready-for-tests system-packages
	$(BIN)/python -m bench.crash

bench: $(VENV)/ready-for-tests
	$(BIN)/python -m bench

# What the tests use beyond Python: strace (fault injection), systemd-analyze (checks the timer's unit), bubblewrap and
# Docker's engine (trials).
system-packages:
	@sh .ci/system-packages

$(VENV)/python-is-new-enough:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "daydream needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/ready: $(VENV)/python-is-new-enough pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

$(VENV)/ready-for-tests: $(VENV)/python-is-new-enough pyproject.toml constraints.txt
	$(PIP) -e '.[dev]'
	@touch $(VENV)/ready $@

clean:
	rm -rf $(VENV) build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
