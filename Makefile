# `make` alone lists the targets. Everything installs what it needs into .venv; a new machine has only Python 3.11+, pip, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Most tests wait for a service more than they compute: eight workers keep two cores busy.
WORKERS ?= 8
# Dozens of tests start the command itself: without kept bytecode each start compiles everything anew.
test warm soak demo conformance: export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: bench help setup demo test warm lint check conformance soak clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("fleetdeploy needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing fleetdeploy and what it needs into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $(STAMP)

setup: $(STAMP) ## make the virtual environment and install everything into it

demo: $(STAMP) ## the main job on the embedded lab: a good canary rollout, and a bad one that undoes itself
	@$(BIN)/fleetdeploy demo

test: $(STAMP) ## all tests, on a simulated fleet that answers real WinRM
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m "not soak"

lint: $(STAMP) ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: $(STAMP) ## what CI runs: lint and test
	@$(MAKE) -j2 --no-print-directory lint warm
	@$(MAKE) --no-print-directory test

# mypy keeps one core busy: meanwhile the other one compiles program and tests once, for all of the test workers.
warm: $(STAMP)
	@-$(BIN)/python -m pytest --collect-only -q >/dev/null 2>&1

conformance: $(STAMP) ## the lab's PowerShell beside recorded answers, and beside a real one where there is one (FLEETDEPLOY_PWSH or pwsh)
	@$(BIN)/python -m tests.lab.powershell.conformance

soak: $(STAMP) ## the long lists in full; FLEETDEPLOY_SEEDS=0-2000 histories, going on where it was (RESTART=1: anew)
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal
	$(BIN)/python -m tests.histories.soak --workers $(WORKERS) $(if $(RESTART),--restart)

bench: $(STAMP) ## figures of this machine: our way to a host beside pypsrp's, and what the lab itself costs
	$(BIN)/python -m tests.bench.bench_lab
	$(BIN)/python -m tests.bench.bench_hosts

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache dist build
