# Everything a person or a machine does with a checkout. Bare `make` prints the list.

VENV := .venv
BENCH_VENV := .venv-bench
BIN := $(VENV)/bin
CODE := services shared deploy bench tests
LINTED := services shared deploy bench docs tests
DATA_DIR ?=
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install demo test peers lint format docs requirements bench-ledger bench-reports bench-rerate bench-growth bench-latency bench-fleet bench-fleet-snmp soak clean

help: ## Print this list
	@echo "Inkmeter: what every print costs, on any printer."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  DATA_DIR=DIR   where \`make demo\` keeps its data (default: the user's data folder)"
	@echo "  ARGS='...'     passed on to pytest, the demo or the benchmark"
	@echo "  PYTHON=...     the Python to use (default: the newest of 3.13, 3.12, 3.11 that is found)"

install: $(VENV)/.run ## Make .venv with the `inkmeter` command and the local stack
	@echo "Ready: $(BIN)/inkmeter --help"

demo: $(VENV)/.run ## Start everything with simulated printers; Ctrl-C stops it all
	@exec $(BIN)/inkmeter demo $(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(ARGS)

test: $(VENV)/.dev peers ## Run all tests (real Kafka, PostgreSQL, CUPS; started and stopped by the run)
	@exec $(BIN)/python -m pytest $(ARGS)

peers:
	@tests/install-peers

lint: $(VENV)/.dev ## Check style, format, types, import rules and generated files
	$(BIN)/ruff check $(LINTED)
	$(BIN)/ruff format --check $(LINTED)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

format: $(VENV)/.dev ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix $(LINTED)
	$(BIN)/ruff format $(LINTED)

docs: $(VENV)/.dev ## Write the pages that are generated from the code
	$(BIN)/python -m docs.generate

bench-ledger: $(VENV)/.run $(BENCH_VENV)/.run ## Measure the ledger against peers and limits (about 20 minutes)
	@exec $(BIN)/python -m bench.ledger $(ARGS)

bench-growth: $(VENV)/.run ## Measure the ledger's rate and memory as it grows (about 20 minutes)
	@exec $(BIN)/python -m bench.growth $(ARGS)

bench-latency: $(VENV)/.run ## Measure the time from the producer to the commit at 2,000 jobs a second
	@exec $(BIN)/python -m bench.latency $(ARGS)

soak: $(VENV)/.run ## Post a million charges through kill -9 and verify them (about 5 minutes)
	@exec $(BIN)/python -m bench.soak $(ARGS)

bench-reports: $(VENV)/.run ## Measure summaries of 10 million lines beside GROUP BY (about 15 minutes)
	@exec $(BIN)/python -m bench.reports $(ARGS)

bench-rerate: $(VENV)/.run ## Measure what-if and re-pricing beside an UPDATE in place (about 10 minutes)
	@exec $(BIN)/python -m bench.rerate $(ARGS)

bench-fleet: $(VENV)/.run ## Measure one collector that reads a thousand simulated printers (about 4 minutes)
	@exec $(BIN)/python -m bench.fleet $(ARGS)

bench-fleet-snmp: $(VENV)/.run ## Measure reading by SNMP beside prometheus-snmp-exporter, where that is installed
	@exec $(BIN)/python -m bench.fleet_exporter $(ARGS)

requirements: $(VENV)/.made ## Pin all dependencies anew, with hashes
	$(BIN)/python -m pip install -q uv==0.13.9
	requirements/compile $(BIN)/uv

clean: ## Remove .venv, caches and build output (never a data directory)
	rm -rf $(VENV) $(BENCH_VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find $(CODE) docs -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Environments: a stamp file each, so that nothing is installed twice ------------------------------------

PIP_INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/.made:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
	  if "$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making $(VENV) with $$("$$python" -V) ..."; "$$python" -m venv $(VENV) && touch $@ && exit 0; exit 1; \
	  fi; \
	done; \
	echo "Inkmeter needs Python 3.11 or newer with its venv module, and none was found: install it (Debian: apt install python3 python3-venv), or name one with PYTHON=..." >&2; \
	exit 2

$(VENV)/.run: $(VENV)/.made requirements/build.txt requirements/local.txt pyproject.toml
	@echo "Installing Inkmeter and the local stack (once; a minute or so) ..."
	@$(PIP_INSTALL) --require-hashes -r requirements/build.txt -r requirements/local.txt
	@$(PIP_INSTALL) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Installing what the tests and checks need (once) ..."
	@$(PIP_INSTALL) --require-hashes -r requirements/dev.txt
	@touch $@

$(BENCH_VENV)/.run: $(VENV)/.made requirements/bench.txt
	@echo "Installing the stream processors to measure against into $(BENCH_VENV) (once) ..."
	@$(BIN)/python -m venv --clear $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@
