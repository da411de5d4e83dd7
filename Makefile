# One command each: `make help` lists them. The work is in Deploy/setup, Deploy/supervisor, Tools and Tests.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

setup := Deploy/setup/setup
python := .deps/venv/bin/python
# The Swift runtime is linked into the services, so that a machine they run on needs no toolchain.
# Colours are a flag of the compiler: without this, a build in a terminal and one in a pipe undo each other.
release := swift build --configuration release --static-swift-stdlib --no-color-diagnostics
swift_folders := Package.swift Services Shared Tests
python_folders := Deploy Tests Tools

.PHONY: help
help: ## Lists the commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

.PHONY: setup
setup: ## Installs everything that run, demo and test need
	@$(setup) test

.PHONY: run
run: setup-run build ## Starts the five services, prints the coach's link and its QR; Ctrl-C stops all of it
	@exec Deploy/supervisor/run

.PHONY: install
install: ## Installs what `make build` built, for systemd, as root: DESTDIR= and prefix=/usr as usual
	@Deploy/install/install

.PHONY: uninstall
uninstall: ## Removes what was installed; keeps settings and recordings
	@Deploy/install/uninstall

.PHONY: demo
demo: setup-demo build ## Plays recorded footage of an athlete as four phones, at 15 and 30 frames a second
	@exec Tools/demo/run

.PHONY: sync-report
sync-report: setup-demo ## True synchronisation of phones that filmed /clock: SESSION=name, or a folder of recordings
	@[[ -n "$(SESSION)" ]] || { echo 'Which session? make sync-report SESSION=name' >&2; exit 2; }
	@exec Tools/sync_report/run "$(SESSION)"

.PHONY: test
test: setup-test build ## Everything that must pass, real processes included
	@swift test --no-color-diagnostics
	@Tests/with-own-network $(python) -m pytest Tests Tools

.PHONY: check
check: setup-test lint test ## Lint, build with warnings as errors, tests: what CI runs

.PHONY: lint
lint: setup-test ## Formatting and static checks
	@swift format lint --strict --recursive $(swift_folders)
	@git ls-files -z --cached --others --exclude-standard | xargs -0 grep -lIE '^#!.*\b(ba)?sh\b' -- \
	  | xargs shellcheck --external-sources --check-sourced
	@$(python) -m ruff check --quiet $(python_folders)
	@$(python) -m ruff format --quiet --check $(python_folders)

.PHONY: bench
bench: setup-bench build ## Figures, each beside what it is compared with, as a table and JSON: ONLY=name for one of them
	@exec Tests/Load/run '' $(ONLY)

.PHONY: fuzz
fuzz: setup-test ## Fuzzes what reads phones' bytes, for FUZZ_SECONDS in all (90); what it finds is kept and replayed
	@exec $(python) Tests/Fuzz/run.py

.PHONY: faults
faults: setup-test build ## Breaks each service and link under each transport: a table of what was recorded, and JSON
	@AXOLOTL_FAULT_MATRIX="$${AXOLOTL_HOME:-.axolotl}" Tests/with-own-network $(python) -m pytest Tests/Faults

.PHONY: build
build: setup-run ## Builds the services for release
	@$(release)

.PHONY: setup-run setup-demo setup-test setup-bench
setup-run setup-demo setup-test setup-bench: setup-%:
	@$(setup) $*

.PHONY: clean
clean: ## Removes what was built; what was installed into .deps stays
	@rm -rf .build .pytest_cache .ruff_cache .mypy_cache
	@find $(python_folders) -name __pycache__ -prune -exec rm -rf {} +
