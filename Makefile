# What a person types: `make serve`, `make test`. CI calls the same recipes.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2
PYTEST_ARGS ?=
# Number of the first hostile file, how many, and seconds to stop after; by default another series each day.
FUZZ_FIRST ?= $(shell date +%Y%m%d)000000
FUZZ_COUNT ?= 1000000
FUZZ_SECONDS ?= 600
FUZZ_EXAMPLES ?= 10

# Folder of database and files; by default that of the user, shared by every checkout.
DATA_DIR ?=

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
RUN_STAMP := $(VENV)/.installed-run
DOCS_STAMP := $(VENV)/.installed-docs
DEV_STAMP := $(VENV)/.installed-dev
# What pip does, a line for each package.
STEPS := awk '/^ *(Collecting|Downloading|Building|Installing|Successfully|ERROR)/ { print; fflush() }'
INSTALL_INPUTS := pyproject.toml constraints.txt

SHELL := /bin/bash

export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help setup serve demo check test lint format types imports openapi openapi-check docs site norm-model real-files pooled-rows pytest truth fuzz attacks bombs clients fresh walk gallery pictures schemathesis audit accuracy bench bench-statistics golden chaos peers load scale image lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mrsquant needs Python 3.11 or newer; say which with PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

# Dependency groups (PEP 735) need pip 25.1; the lock names the pip that is used.
$(VENV)/.pip: constraints.txt | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --upgrade pip
	@touch $@

$(RUN_STAMP): $(VENV)/.pip $(INSTALL_INPUTS)
	@echo 'Installing mrsquant into $(VENV); the first time this takes a minute or two.'
	@set -o pipefail; $(PIP) install --progress-bar off --constraint constraints.txt --editable '.[pdf]' | $(STEPS)
	@touch $@

$(DOCS_STAMP): $(VENV)/.pip $(INSTALL_INPUTS)
	@echo 'Installing mrsquant and the generator of its documentation site into $(VENV).'
	@set -o pipefail; $(PIP) install --progress-bar off --constraint constraints.txt --group docs --editable '.[pdf]' | $(STEPS)
	@touch $(RUN_STAMP) $@

$(DEV_STAMP): $(VENV)/.pip $(INSTALL_INPUTS)
	@echo 'Installing mrsquant and its development tools into $(VENV); the first time this takes a few minutes.'
	@set -o pipefail; $(PIP) install --progress-bar off --constraint constraints.txt --group dev --editable '.[pdf]' | $(STEPS)
	@touch $(RUN_STAMP) $(DOCS_STAMP) $@

setup: $(DEV_STAMP) ## install everything for development into .venv

serve: $(RUN_STAMP) ## run the service on http://HOST:PORT (127.0.0.1:8000)
	$(BIN)/mrsquant serve --host $(HOST) --port $(PORT) $(if $(DATA_DIR),--data-dir '$(DATA_DIR)')

demo: $(RUN_STAMP) ## show simulated people, a calibrated scanner and a cohort, on a temporary folder
	$(BIN)/mrsquant demo

test: lint types imports openapi-check site pytest ## every check CI runs

check: lint types imports ## the checks that need no run

lint: $(DEV_STAMP) ## style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(DEV_STAMP) ## rewrite the sources in the common format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(DEV_STAMP) ## mypy, strict
	$(BIN)/mypy

imports: $(DEV_STAMP) ## direction rules between packages
	$(BIN)/lint-imports

openapi: $(DEV_STAMP) ## write openapi.yaml from the code
	$(BIN)/mrsquant openapi -o openapi.yaml

openapi-check: $(DEV_STAMP) ## fail when openapi.yaml is not what the code says
	$(BIN)/mrsquant openapi -o - | diff -u openapi.yaml - || { echo 'openapi.yaml is out of date: run make openapi'; exit 1; }

docs: $(DEV_STAMP) ## write the tables of the documentation from the code
	$(BIN)/python docs/generate.py

# Warnings are errors: a dead link or a notebook that fails stops the build.
site: $(DOCS_STAMP) ## build the documentation site, which the service shows at /docs/
	rm -rf build/site
	$(BIN)/sphinx-build -W --keep-going -q -b html -d build/doctrees docs build/site
	rm -rf service/pages/documentation
	cp -r build/site service/pages/documentation
	rm -rf service/pages/documentation/.buildinfo service/pages/documentation/_sources

norm-model: $(DEV_STAMP) ## fit the control model to the study rows and write fitting/data/norms/model.json (half a minute)
	$(BIN)/python -m norm_model

real-files: $(DEV_STAMP) ## write docs/real-files.md from a folder of published scanner files (SHARED=...)
	$(BIN)/python -m tests.measure.real_files $(SHARED)

pooled-rows: $(DEV_STAMP) ## write docs/norms-reproduced.md from an independent pooling of the norms' studies (SHARED=...)
	$(BIN)/python -m tests.measure.pooled_rows $(SHARED)

pytest: $(DEV_STAMP) ## the test suite (PYTEST_ARGS=... selects)
	$(BIN)/pytest -n $(WORKERS) $(PYTEST_ARGS)

truth: $(DEV_STAMP) ## only the fits of simulated spectra of known content
	$(BIN)/pytest -n $(WORKERS) -m truth $(PYTEST_ARGS)

fuzz: $(DEV_STAMP) ## read hostile files for FUZZ_SECONDS (600), another series each day (FUZZ_FIRST=0 FUZZ_COUNT=1000: one that stays)
	$(BIN)/python -W error -m tests.fuzz.hostile $(FUZZ_FIRST) $(FUZZ_COUNT) $(FUZZ_SECONDS)

bombs: $(DEV_STAMP) ## send small files that would be huge through a worker, measure it and write docs/bombs.md (minutes)
	$(BIN)/python -W error -m tests.fuzz.detonate --page docs/bombs.md

attacks: $(DEV_STAMP) ## try every attack of tests/attacks on a service and write the table of docs/threat-model.md (minutes)
	$(BIN)/python -W error -m tests.attacks --page docs/threat-model.md

# The generators need other versions of shared packages than the locked ones, so they have an environment of their own.
clients: $(DEV_STAMP) ## generate clients of three generators, send a spectrum with each, and lint the description with Redocly
	@mkdir -p build
	@test -x build/clients/bin/datamodel-codegen || { $(PYTHON) -m venv build/clients && \
	  build/clients/bin/python -m pip --disable-pip-version-check install --quiet 'pip>=25.1' && \
	  build/clients/bin/python -m pip --disable-pip-version-check install --quiet --group clients; } >build/clients.log 2>&1 \
	  || { rm -rf build/clients; echo 'generators of Python clients cannot be installed: their tests are skipped (build/clients.log)'; }
	@test -x build/clients/node_modules/.bin/redocly || { mkdir -p build/clients && npm install --silent --no-audit --no-fund --prefix build/clients \
	  '@redocly/cli@2' 'openapi-typescript@7' 'openapi-fetch@0.17' 'typescript@5' '@types/node@20'; } >build/clients-node.log 2>&1 \
	  || { rm -rf build/clients/node_modules; echo 'Node.js generators cannot be installed: their tests are skipped (build/clients-node.log)'; }
	$(BIN)/pytest tests/generated $(PYTEST_ARGS)

fresh: $(DEV_STAMP) ## clone this commit, install it, and run README, tutorials, pipx and the walk in it (minutes)
	$(BIN)/pytest -m fresh tests/fresh $(PYTEST_ARGS)

walk: $(DEV_STAMP) ## walk from the README to a signed report, a calibrated scanner and a cohort, and write docs/walk.md (minutes)
	$(BIN)/python -m tests.fresh.walk --page docs/walk.md

gallery: $(DEV_STAMP) ## analyse the spectra of docs/gallery.md, draw them and write their verdicts
	$(BIN)/python -m tests.measure.gallery

pictures: $(DEV_STAMP) ## take the pictures of the reading room in docs/images
	$(BIN)/python -m tests.measure.pictures

schemathesis: $(DEV_STAMP) ## try the interface with what its description allows and forbids, on an empty service
	$(BIN)/python -m tests.fuzz.interface --max-examples $(FUZZ_EXAMPLES)

audit: ## look for published weaknesses of the dependencies; passes with a note where the database of weaknesses cannot be reached
	@rm -rf build/audit build/audit.json
	@$(PYTHON) -m venv build/audit
	@build/audit/bin/python -m pip --disable-pip-version-check install --quiet pip-audit >build/audit.log 2>&1 \
	  || { echo 'dependency audit skipped: pip-audit cannot be installed (build/audit.log)'; exit 0; }; \
	for source in pypi osv; do \
	  timeout 120 build/audit/bin/python -m pip_audit --requirement constraints.txt --no-deps --disable-pip --timeout 10 \
	    --progress-spinner off --vulnerability-service $$source --format json --output build/audit.json >>build/audit.log 2>&1; \
	  outcome=$$?; \
	  [ -s build/audit.json ] || continue; \
	  [ $$outcome = 0 ] && { echo 'dependency audit: no published weakness of the locked versions'; exit 0; }; \
	  $(PYTHON) -m json.tool build/audit.json; exit 1; \
	done; \
	echo 'dependency audit skipped: no database of weaknesses can be asked (build/audit.log)'

bench: $(DEV_STAMP) ## measure accuracy and speed on simulated spectra and write docs/benchmark.md (minutes)
	$(BIN)/python -m tests.measure.benchmarks

accuracy: $(DEV_STAMP) ## measure what macromolecules learned from a scanner gain and write docs/site-background.md (a quarter of an hour)
	$(BIN)/python -m tests.measure.accuracy --families 8 --page docs/site-background.md

bench-statistics: $(DEV_STAMP) ## measure scores and follow-up on simulated people and write their three pages (an hour)
	$(BIN)/python -m tests.measure.benchmarks.statistics_page
	$(BIN)/python -m tests.measure.benchmarks.control_model $(SHARED)
	$(BIN)/python -m tests.measure.healthy_people --page docs/healthy-people.md

golden: $(DEV_STAMP) ## write the numbers of the golden spectra anew, when the changelog has an entry for it
	$(BIN)/python -m tests.golden

chaos: $(DEV_STAMP) ## kill the service and its workers under load, on SQLite and PostgreSQL, and write docs/chaos.md (minutes)
	$(BIN)/pytest -m chaos
	$(BIN)/python -W error -m tests.chaos --page docs/chaos.md

# Orthanc listens on every address; a network namespace keeps it from other machines.
peers: $(DEV_STAMP) ## try DICOM results and the gateway against Orthanc, dcmtk, dicom3tools and PixelMed, as far as they are installed, datasets against the BIDS validator, exports against readers of others, and Bundles against R4
	$(PIP) install --quiet --constraint constraints.txt --group peers
	@test -d build/peers/node_modules/fhir || { mkdir -p build/peers && npm install --silent --no-audit --no-fund --prefix build/peers 'fhir@4.12.0'; } \
	  >build/peers-node.log 2>&1 || { rm -rf build/peers; echo 'the R4 validator of npm cannot be installed: its tests are skipped (build/peers-node.log)'; }
	@alone() { unshare --map-root-user --net sh -c 'ip link set lo up && exec "$$@"' peers "$$@"; }; \
	alone true 2>/dev/null || { echo 'no network of its own can be made here: the ports of this machine are used'; alone() { "$$@"; }; }; \
	alone $(BIN)/pytest -m peers tests/peers $(PYTEST_ARGS)

load: $(DEV_STAMP) ## measure throughput, latency and memory of the service and write docs/load.md (minutes)
	$(BIN)/python -W error -m tests.measure.load --page docs/load.md

scale: $(DEV_STAMP) ## measure lists, timelines and the queue with up to a million analyses and write docs/scale.md (an hour, 20 GB in TMPDIR)
	$(BIN)/python -W error -m tests.measure.load.scale --page docs/scale.md

image: ## build the container image
	docker build --tag mrsquant .

lock: ## renew constraints.txt from pyproject.toml in a clean environment
	rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip --disable-pip-version-check install --quiet --upgrade pip
	build/lock/bin/python -m pip install --quiet --group dev --group peers '.[cluster,dicom,mrd,oidc,pdf,postgres,telemetry]'
	{ sed -n '/^#/p' constraints.txt; build/lock/bin/python -m pip freeze --all --exclude mrsquant --exclude setuptools; } > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/lock

clean: ## remove the environment and caches
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
