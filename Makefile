# Every target sets up what it needs first. Needs: Python 3.11 or later, Go 1.26, make, kubectl, and the package registries.

PYTHON ?= python3
SPEED ?= 60
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# Tests of processes wait much of their time. A third worker uses it, and the compilers of what only few tests need; those
# tests wait for their program, or build it themselves.
PROCESS_TESTS := $(PYTEST) -n 3 --dist loadfile tests/properties tests/contract tests/scenarios tests/chart
GO_PROGRAMS := helm kustomize_controller argocd

.DEFAULT_GOAL := help
.PHONY: help setup demo sandbox check test check-pythons image-test image-lock bench manifests reference format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "vnetlink needs Python 3.11 or later: make PYTHON=python3.11 …")'
	@echo "installing Python packages into $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

setup: $(VENV)/.installed ## .venv and the control plane (etcd, kube-apiserver, kube-controller-manager)
	@PYTHONPATH=tests $(BIN)/python -m controlplane.build >/dev/null

demo: setup ## watch two VNets become connected, broken, repaired, blocked, and two more encrypted
	@PYTHONPATH=tests exec $(BIN)/python -m demo.story

sandbox: setup ## the same three processes until Ctrl-C, for you to try (SPEED=60)
	@PYTHONPATH=tests exec $(BIN)/python -m demo.sandbox --speed $(SPEED)

check: $(VENV)/.installed ## format, lint, types, import contracts, unit tests: under a minute
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(PYTEST) -q tests/unit

test: check setup ## everything that CI runs; installs the real az once, and Chromium where apt-get may
	@$(BIN)/python tests/contract/azure_cli.py >/dev/null
	@$(BIN)/python tests/contract/chromium.py >/dev/null || true
	@{ for program in $(GO_PROGRAMS); do PYTHONPATH=tests nice $(BIN)/python -m $$program.build >/dev/null; done; } & \
		$(PROCESS_TESTS); code=$$?; wait; exit $$code

check-pythons: $(VENV)/.installed ## unit and property tests on the other supported Pythons that this machine has
	@$(BIN)/python tests/pythons.py

image-test: setup ## build both images without a daemon or registry, and run the operator from its own (root, Debian)
	$(PYTEST) -q -rs tests/image

image-lock: $(VENV)/.installed ## pin what the images install, with hashes, from pyproject.toml and constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.8
	@$(BIN)/python tests/image/lock.py

bench: setup ## measure again and rewrite bench/RESULTS.md
	@PYTHONPATH=tests $(BIN)/python -m bench.measure

manifests: $(VENV)/.installed ## write deploy/base and deploy/components anew from deploy/chart
	@PYTHONPATH=tests $(BIN)/python -m helm.manifests

reference: $(VENV)/.installed ## write docs/reference anew from CRDs, command line, chart values and reasons
	@$(BIN)/python tests/reference.py

format: $(VENV)/.installed ## rewrite the sources as `make check` wants them
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

clean: ## remove what make made here; the control plane's cache stays
	@rm -rf $(VENV) .sandbox .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
