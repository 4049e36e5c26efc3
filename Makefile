# Everything from a fresh clone with Python 3.11 or newer: `make run`, `make test`.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8080
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
TESTS ?=
PYTEST_ARGS ?=
# How many mutants, 0 for all; and which sample of them.
MUTANTS ?= 400
SEED ?= 0
# Only the whole suite is held to the floor of coverage: a part of it reaches less.
COVERAGE = $(if $(strip $(TESTS)$(PYTEST_ARGS)),,--cov --cov-report=)
# One lock for every Python and platform, without the address of an index.
COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes --no-header
RELEASED = $(shell sed -n 's/^__version__ = "\(.*\)"/\1/p' service/web/version.py)

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help run test lint format golden bench mutants weights docs pictures openapi image version release lock hooks clean

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

# Not compiled: Python does that for the modules that are used, which saves a third of the time. The locks are whole, so pip has
# nothing to resolve: where it did, it took a newer release of a package that another wants with an extra, and refused it for its hash.
$(VENV)/.runtime: requirements.lock | $(VENV)/bin/python
	$(BIN)/pip install --quiet --no-compile --no-deps --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/bin/python
	$(BIN)/pip install --quiet --no-compile --no-deps --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.runtime

run: $(VENV)/.runtime ## serve on http://127.0.0.1:8080 (HOST, PORT, WORKERS)
	exec env HOST=$(HOST) PORT=$(PORT) WORKERS=$(WORKERS) $(BIN)/gunicorn --config python:service.gunicorn_conf service.wsgi:app

test: $(VENV)/.dev ## every test, with a floor of coverage; TESTS=tests/unit/kube runs only those, PYTEST_ARGS adds arguments
	$(BIN)/python tools/fetch_kubectl.py
	$(BIN)/pytest --numprocesses=auto --dist=loadgroup $(COVERAGE) $(PYTEST_ARGS) $(TESTS)

lint: $(VENV)/.dev ## style, types, layers, YAML, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict .
	$(BIN)/codespell

format: $(VENV)/.dev ## set the code as ruff wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

golden: $(VENV)/.dev ## rewrite the expected outputs of tests/cases that exist, and of the chart
	$(BIN)/python tools/fetch_kubectl.py
	$(BIN)/pytest tests/cases tests/chart/test_rendering.py --golden --numprocesses=0

bench: $(VENV)/.dev ## measure, loopback only
	$(BIN)/python -m bench

mutants: $(VENV)/.dev ## change the code in small ways, and count the changes that the tests notice (MUTANTS, SEED)
	$(BIN)/python -m tools.mutants --sample $(MUTANTS) --seed $(SEED)

weights: $(VENV)/.dev ## fit the weights of evidence to the labelled Pods of dataset/, and write docs/weights.md
	$(BIN)/python -m tools.fit_weights

docs: $(VENV)/.dev ## write the reference pages, tables and pictures of docs/, and the chart's table of values
	$(BIN)/python -m tools.reference
	$(BIN)/python -m tools.pictures
	$(BIN)/python -m tools.chart_readme
	$(BIN)/python -m tools.answer_fields

pictures: $(VENV)/.dev ## take the pictures of the page (needs Chromium on PATH), and of the bot (and PODSPLIT_TEST_GITEA)
	$(BIN)/python -m tools.screenshots
	if [ -n "$$PODSPLIT_TEST_GITEA" ]; then $(BIN)/python -m tools.bot_pictures; fi

openapi: $(VENV)/.dev ## write openapi.yaml and podsplit.schema.json
	$(BIN)/python -m tools.openapi

image: ## build the container image podsplit:<version> (needs docker)
	docker build --build-arg VERSION=$(RELEASED) --build-arg REVISION=$(shell git rev-parse HEAD) --tag podsplit:$(RELEASED) .

version: ## print the version
	@echo $(RELEASED)

release: $(VENV)/.dev ## write VERSION=1.2.3 wherever the version stands
	$(BIN)/python -m tools.release $(VERSION)

lock: $(VENV)/.dev ## resolve the dependencies anew
	$(COMPILE) --extra audit --extra bot --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra audit --extra bot --extra dev --output-file requirements-dev.lock pyproject.toml
	$(BIN)/python -c 'import tomllib; read = tomllib.load(open("pyproject.toml", "rb")); print(*read["build-system"]["requires"], *read["dependency-groups"]["image"], sep="\n")' \
	    | $(COMPILE) --output-file requirements-build.lock -

hooks: $(VENV)/.dev ## check style, YAML and spelling before each commit
	$(BIN)/pre-commit install

clean: ## remove what was made
	rm -rf $(VENV) .tools build dist mutants .coverage htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
