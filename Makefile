# Every target makes its own .venv; the machine needs Python 3.11 to 3.14 and make, nothing else.
# What goes into .venv is locked, with hashes, in requirements/; stamps make a second call quick.
# Node comes from there too, and npm takes the SDKs of the tests from their own lock. The browser is
# the machine's; where it has none and may install one, `make test` does.

.PHONY: help demo test check docs bench bench-live bench-all fuzz sends faults soak proof picture refresh wheel lock browser postgres java clean
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
SDKS := tests/sdks/node_modules
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
INSTALL := $(PIP) install --require-hashes --no-deps --only-binary :all: --requirement
PAIRS := 1000000
SENDS := 1000000
SEED := 1
MINUTES := inf
export NO_MKDOCS_2_WARNING := 1
SOURCES := $(shell find src -type f -not -path '*/__pycache__/*') pyproject.toml README.md LICENSE

# A candidate must run (a pyenv shim may not), be young enough and be able to make a venv.
CANDIDATES := python3.14 python3.13 python3.12 python3.11 python3 python
SUITABLE := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for candidate in $(CANDIDATES); do \
	if "$$candidate" -c '$(SUITABLE)' >/dev/null 2>&1; then echo "$$candidate"; break; fi; done)

help:
	@echo 'make demo     a simulated business, its segments, in the terminal'
	@echo 'make test     check, then every test, against the built wheel'
	@echo 'make check    ruff, mypy, the import contract, the documentation'
	@echo 'make docs     the documentation, as pages in site/'
	@echo 'make bench    Segue beside chDB and DuckDB on 20 million events'
	@echo 'make bench-live  segue serve under load, beside periodic jobs'
	@echo 'make bench-all   every figure of docs/benchmarks.md, with five rivals'
	@echo 'make fuzz     the oracle against a million random conditions'
	@echo 'make sends    a million simulated messages, every row read by an independent checker'
	@echo 'make faults   kills, full disks and hostile senders against segue serve'
	@echo 'make soak     an hour of real SDKs against a server that is killed'
	@echo 'make proof    everything that takes long'
	@echo 'make picture  the pictures of the documentation, from real output'
	@echo 'make refresh  what the commands of the documentation print, and the script of pages'
	@echo 'make lock     write requirements/ anew from pyproject.toml'

demo: $(STAMPS)/segue
	@$(BIN)/segue demo
	@echo ' To have segue on your path: . $(BIN)/activate'

test: check $(STAMPS)/segue $(STAMPS)/test $(SDKS)/.package-lock.json browser postgres java
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal --quiet --ignore tests/spark
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --quiet tests/spark

check: $(STAMPS)/segue $(STAMPS)/test $(STAMPS)/spark $(STAMPS)/docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/mkdocs build --strict --site-dir $(VENV)/site

docs: $(STAMPS)/docs
	@$(BIN)/mkdocs build --strict --site-dir site
	@echo 'The pages are in site/; open site/index.html.'

bench: $(STAMPS)/segue $(STAMPS)/bench
	@$(BIN)/python -m bench

bench-live: $(STAMPS)/segue $(STAMPS)/test browser
	@$(BIN)/python -m bench.live
	@$(BIN)/python -m bench.acting
	@$(BIN)/python -m bench.studio

bench-all: $(STAMPS)/segue $(STAMPS)/test $(STAMPS)/bench $(STAMPS)/spark java
	@$(BIN)/python -m bench.peers --record docs/proofs --minutes $(MINUTES) $(GO_ON)

fuzz: $(STAMPS)/segue $(STAMPS)/test
	@$(BIN)/python -m tests.fuzz.run --pairs $(PAIRS) --seed $(SEED)

sends: $(STAMPS)/segue $(STAMPS)/test
	@$(BIN)/python -m tests.acting.run --sends $(SENDS) --seed $(SEED)

faults: $(STAMPS)/segue $(STAMPS)/test
	@$(BIN)/python -m tests.live.faults.run
	@$(BIN)/python -m tests.live.faults.messages

soak: $(STAMPS)/segue $(STAMPS)/test $(SDKS)/.package-lock.json browser
	@$(BIN)/python -m tests.live.soak.run

proof: fuzz sends bench bench-live faults soak

picture: $(STAMPS)/segue
	@$(BIN)/python -m tools.picture docs/images

refresh: $(STAMPS)/segue $(STAMPS)/test $(SDKS)/.package-lock.json
	@$(BIN)/python -m tools.sdk
	@$(BIN)/python -m tools.templates
	@$(BIN)/python -m tools.examples README.md docs/guide.md docs/cli.md

wheel: $(STAMPS)/wheel

lock: $(STAMPS)/venv
	@$(PIP) install uv
	@$(BIN)/python -m tools.lock $(BIN)/uv

browser: $(STAMPS)/venv
	@$(BIN)/python -m tools.browser

postgres: $(STAMPS)/venv
	@$(BIN)/python -m tools.postgres

java: $(STAMPS)/venv
	@$(BIN)/python -m tools.java

clean:
	rm -rf $(VENV) $(SDKS) site dist

$(STAMPS)/venv:
	@test -n "$(PYTHON)" || { \
		echo 'Segue needs Python 3.11 to 3.14, with venv, and found none: tried $(CANDIDATES).' >&2; \
		echo 'Install one, or name it: make PYTHON=/path/to/python3 ...' >&2; exit 1; }
	@"$(PYTHON)" -c '$(SUITABLE)' || { \
		echo 'Segue needs Python 3.11 to 3.14, with venv: "$(PYTHON)" is not one.' >&2; exit 1; }
	@echo 'Making $(VENV) with $(PYTHON) ...'
	@"$(PYTHON)" -m venv --clear $(VENV)
	@mkdir -p $(STAMPS)
	@touch $@

$(STAMPS)/wheel: $(STAMPS)/build $(SOURCES)
	@rm -rf $(VENV)/wheel
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir $(VENV)/wheel .
	@touch $@

$(STAMPS)/segue: $(STAMPS)/runtime $(STAMPS)/wheel
	@$(PIP) install --no-deps --force-reinstall $(VENV)/wheel/*.whl
	@touch $@

$(STAMPS)/build $(STAMPS)/runtime $(STAMPS)/test $(STAMPS)/docs $(STAMPS)/bench: \
		$(STAMPS)/%: requirements/%.txt $(STAMPS)/venv
	@echo 'Installing requirements/$*.txt ...'
	@$(INSTALL) requirements/$*.txt
	@touch $@

# PySpark has no wheel; hatchling's neighbours in requirements/build.txt build it.
$(STAMPS)/spark: requirements/spark.txt $(STAMPS)/build
	@echo 'Installing requirements/spark.txt ...'
	@$(PIP) install --require-hashes --no-deps --no-build-isolation --requirement requirements/spark.txt
	@touch $@

# npm writes this file last: where it is, all the rest is.
$(SDKS)/.package-lock.json: tests/sdks/package-lock.json tests/sdks/.npmrc $(STAMPS)/test
	@echo 'Installing tests/sdks/package-lock.json ...'
	@$(BIN)/npm ci --prefix tests/sdks --loglevel error >/dev/null
	@touch $@
