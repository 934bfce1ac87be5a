# Two commands are all that a fresh machine with Python 3.11+ and git needs:
#   make canary    runs the mock canary; no account, no key, no network beyond installing
#   make test      runs the tests
# Both make what they need, .venv included. ARGS="..." is passed on; PYTHON=... picks the interpreter.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?=
export PYTHON
ARGS ?=

BIN := .venv/bin
# A stamp for each interpreter that was asked for: PYTHON=python3.13 must never find another's environment.
STAMP := .venv/.installed$(subst /,-,$(PYTHON))
RUN := $(STAMP)-run
DEV := $(STAMP)-dev
INPUTS := pyproject.toml scripts/make-venv

.PHONY: canary smoke test lint format types layers workflows packaging branches mutation bench clean help

canary: $(RUN) ## run the synthetic canary against the built-in billing system
	@$(BIN)/billing-canary probe --mode mock $(ARGS)

smoke: $(RUN) ## check that the harness tells good suites from bad ones
	@$(BIN)/billing-canary confidence smoke $(ARGS)

test: $(DEV) ## run all tests (ARGS="-k wallet" selects)
	@$(BIN)/python -m pytest $(ARGS)

lint: $(DEV) ## check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(DEV) ## format, and mend what can be mended safely
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(DEV) ## check types
	@$(BIN)/mypy

layers: $(DEV) ## check that imports point down only
	@$(BIN)/lint-imports

workflows: $(DEV) ## lint the GitHub workflows and run them here
	@cases=tests/acceptance; \
	$(BIN)/python -m pytest $$cases/test_workflow*.py $$cases/test_*_workflow*.py $$cases/test_canary_mode.py $$cases/test_pins.py $(ARGS)

packaging: $(DEV) ## build the wheel, install it elsewhere and use it
	@$(BIN)/python -m pytest tests/packaging $(ARGS)

branches: $(DEV) ## check that the unit tests of gate and guard cover every line and branch
	@$(BIN)/python scripts/branches.py $(ARGS)

mutation: $(DEV) ## mutate gate and guard in a copy and count what their unit tests notice; takes minutes
	@$(BIN)/python scripts/mutation.py $(ARGS)

bench: $(DEV) ## measure the figures that the README quotes
	@$(BIN)/python -m benchmarks.run $(ARGS)

clean: ## remove caches and build output; .venv and artifacts/ stay
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.*
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

$(RUN): $(INPUTS)
	@scripts/make-venv run
	@touch $@

$(DEV): $(INPUTS)
	@scripts/make-venv dev
	@touch $(RUN) $@
