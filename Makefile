# Each target is a thin call of a command that also works without make (README.md, Commands).
# The environment is .venv, built from python3 with pip (or with uv where it is already on PATH)
# from the lock files: exact versions with hashes, so that nothing is resolved at install time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.requirements
DEV := $(VENV)/.requirements-dev

# Usage statistics of the tools are off, also where they are called directly below.
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export DAGSTER_DISABLE_TELEMETRY := yes
export DO_NOT_TRACK := 1

.DEFAULT_GOAL := help
.PHONY: help run import live backfill fake build dev docs headline test drill benchmark lint \
	lint-python lint-sql lint-dbt fmt lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(RUN) ## the whole pipeline on the embedded synthetic sample, state in sample/
	@HUBTIDE_HOME="$${HUBTIDE_HOME:-sample}" $(BIN)/python -m orchestration run

import: $(RUN) ## load a folder of snapshots, build and publish: make import DIR=…
	@$(BIN)/python -m orchestration import "$(DIR)"

live: $(RUN) ## today's readings from the live sources, build and publish: make live [ARGS=--dry-run]
	@$(BIN)/python -m orchestration live $(ARGS)

backfill: $(RUN) ## history, build and publish: make backfill SINCE=… [UNTIL=…] [ARGS=--dry-run]
	@$(BIN)/python -m orchestration backfill --since "$(SINCE)" \
		$(if $(UNTIL),--until "$(UNTIL)") $(ARGS)

fake: $(DEV) ## a loopback server of the live sources with synthetic rows: try `live` without network
	@$(BIN)/python -m tests.fake $(ARGS)

headline: $(RUN) ## the headline tables of the published copy
	@$(BIN)/python -m orchestration headline

build: $(RUN) ## load what has landed, build, check and publish
	@$(BIN)/python -m orchestration build

dev: $(RUN) ## Dagster's web interface on http://127.0.0.1:3000
	@$(BIN)/python -m orchestration dev

docs: $(RUN) ## dbt's documentation of models and lineage as one static page
	@$(BIN)/python -m orchestration docs

test: $(DEV) ## every test, on two cores
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

drill: $(DEV) ## ten days in operation with four accidents, through Dagster's interface: ten minutes
	@$(BIN)/python -m pytest -m drill tests/drill

benchmark: $(RUN) ## what one more day costs on 1,500 tracked models x 1,200 days: some minutes
	@$(BIN)/python -m benchmarks.one_more_day $(ARGS)

lint: $(DEV) ## ruff, mypy, sqlfluff and the dbt conventions
	@$(MAKE) --no-print-directory --jobs 2 lint-python lint-sql lint-dbt

# Two at a time: each keeps one core busy.
lint-python:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-sql:
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project

lint-dbt:
	@HUBTIDE_HOME= DBT_TARGET_PATH=.dbt $(BIN)/python -m orchestration parse
	$(BIN)/dbt-bouncer run --config-file dbt-bouncer.yml

fmt: $(DEV) ## format Python and SQL
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --processes 2 --disable-progress-bar dbt_project

# Rewrites the locks from pyproject.toml; needs uv. No address of a registry gets into them.
# requirements-postgres.lock holds what the extra `postgres` adds to requirements.lock.
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: ## new lock files from pyproject.toml (needs uv)
	$(LOCK) pyproject.toml --output-file requirements.lock
	$(LOCK) pyproject.toml --extra dev --output-file requirements-dev.lock
	$(PYTHON) -c 'import tomllib; from pathlib import Path; print(*tomllib.loads(Path( \
		"pyproject.toml").read_text())["project"]["optional-dependencies"]["postgres"], \
		sep="\n")' | $(LOCK) --no-deps - --output-file requirements-postgres.lock

clean: ## remove the environment and the sample's state (never your own data)
	rm -rf $(VENV) sample .dbt .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "hubtide needs Python 3.11 or newer; set PYTHON=… to one" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The project itself is not installed, which would need its build backend: the command leads here.
$(BIN)/hubtide: | $(BIN)/python
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s/python" -P -m hubtide "$$@"\n' \
		"$(CURDIR)" "$(CURDIR)/$(BIN)" > $@
	@chmod +x $@

$(RUN): requirements.lock | $(BIN)/python $(BIN)/hubtide
	$(call install,requirements.lock)

$(DEV): requirements-dev.lock | $(BIN)/python $(BIN)/hubtide
	$(call install,requirements-dev.lock)
	@touch $(RUN)

# --no-deps: the lock is complete, so pip need not look for anything.
# pip follows where uv fails: an index that is set for pip alone is unknown to uv.
define install
	@echo "installing the packages of $(1) into $(VENV): about a minute with pip"
	@{ command -v uv >/dev/null 2>&1 && uv pip install --quiet --python $(BIN)/python \
		--no-deps --require-hashes --requirement $(1); } \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--no-deps --require-hashes --requirement $(1)
	@touch $@
endef
