# Each target sets up what it needs, in this clone.
#
#   make demo          two nodes, service, local recovery, failover, failback, on your terminal
#   make test          all checks and tests
#   make cluster-postgresql  a client writes while PostgreSQL fails over: KILLS=30 SEED=1; needs root
#   make bench         the figures of docs/en/benchmarks.md
#   make torture       hostile actions by seed, against a model: MINUTES=5 SEEDS=1000 START=1
#   make wheels        a wheel of each distribution, in dist/
#   make install PLUGINS="jp1-ajs3-manager command" PREFIX=/opt/ark
#   make clean

PYTHON ?=
PREFIX ?= /opt/ark
PLUGINS ?=

VENV := $(CURDIR)/.venv
DEPS := $(CURDIR)/.deps
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
ALL := jp1-base jp1-ajs3-manager jp1-ajs3-agent command postgresql lab
LOCAL := $(foreach plugin,$(ALL),-e ./plugins/$(plugin))
PROJECTS := pyproject.toml constraints.txt $(foreach plugin,$(ALL),plugins/$(plugin)/pyproject.toml)
SOURCES := arkcore plugins tests tools/bench.py

.PHONY: demo test lint types layers tests bench torture wheels install clean
.PHONY: cluster-postgresql

MINUTES ?= 5
SEEDS ?= 1000
START ?= 1
KILLS ?= 30
SEED ?= 1

demo: $(VENV)/.demo
	$(VENV)/bin/ark demo --directory .demo

test: lint types layers tests

lint: $(VENV)/.test
	$(VENV)/bin/ruff check $(SOURCES)
	$(VENV)/bin/ruff format --check $(SOURCES)

types: $(VENV)/.test
	$(VENV)/bin/mypy

layers: $(VENV)/.test
	$(VENV)/bin/lint-imports

tests: $(VENV)/.test
	command -v nginx >/dev/null || tools/unpack nginx $(DEPS)/nginx >/dev/null
	tools/postgresql $(DEPS)/postgresql >/dev/null
	$(VENV)/bin/python -m pytest -n auto --dist worksteal $(PYTEST)

cluster-postgresql: $(VENV)/.test
	tools/postgresql $(DEPS)/postgresql >/dev/null
	PYTHONPATH=tests $(VENV)/bin/python tests/database_cluster.py --kills $(KILLS) --seed $(SEED)

bench: $(VENV)/.test
	tools/unpack resource-agents $(DEPS)/resource-agents >/dev/null
	$(VENV)/bin/python tools/bench.py $(DEPS)/resource-agents

torture: $(VENV)/.test
	$(VENV)/bin/python -m arkcore.testing.torture \
	    --minutes $(MINUTES) --seeds $(SEEDS) --start-seed $(START)

wheels: $(VENV)/.test
	rm -rf dist
	for project in . $(foreach plugin,$(ALL),plugins/$(plugin)); do \
	    $(VENV)/bin/python -m build --wheel --outdir dist $$project >/dev/null || exit 1; \
	done
	ls dist

# All local paths in one pip command, so that nothing of ours is ever looked for elsewhere.
# The plugins that a named one requires are found by tools/required.
install:
	@test -n "$(PLUGINS)" || { echo 'name the plugins: make install PLUGINS="jp1-base"' >&2; exit 2; }
	@test -x $(PREFIX)/bin/python || PYTHON=$(PYTHON) tools/venv $(PREFIX)
	paths=$$($(PREFIX)/bin/python tools/required $(PLUGINS)) && \
	$(PREFIX)/bin/python -m pip --disable-pip-version-check --quiet install . $$paths
	@$(PREFIX)/bin/ark plugins

$(VENV)/.venv:
	PYTHON=$(PYTHON) tools/venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.venv $(PROJECTS)
	$(PIP) install -c constraints.txt -e . $(LOCAL)
	@touch $@

$(VENV)/.test: $(VENV)/.venv $(PROJECTS) tests/toy/pyproject.toml
	$(PIP) install -c constraints.txt -e '.[test]' $(LOCAL) -e ./tests/toy
	@touch $@

clean:
	rm -rf $(VENV) $(DEPS) .demo dist build .mypy_cache .pytest_cache .ruff_cache
