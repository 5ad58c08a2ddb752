# Each target sets up what it needs, in this clone.
#
#   make demo          two nodes, service, local recovery, failover, failback, on your terminal
#   make check         lint, types, layers and unit tests: the loop while you edit
#   make test          all checks and tests; as root also the cluster's
#   make pythons       the unit and command tests on the other versions of Python that are here
#   make coverage      which branches of arkcore and of the plugins the tests take, as a table
#   make audit         licences and known vulnerabilities of what is installed
#   make attacks       every attack of tests/attacks, by two users without privileges; needs root
#   make matrix        the conformance kit on every wrong plugin and each kind of new ones
#   make cluster-test  the failovers, on a real Pacemaker cluster of two nodes; needs root
#   make cluster-demo  the same cluster, told on your terminal; needs root
#   make cluster-torture  random faults in a row on it: FAULTS=50 SEED=1; needs root
#   make cluster-postgresql  a client writes while PostgreSQL fails over: KILLS=30 SEED=1; needs root
#   make cluster-figures  cluster-test, and its times into docs/*/cluster.md
#   make cluster-recordings  known faults on it, recorded for the test of ark why; needs root
#   make browser       the page of ark report in a Chromium that it unpacks
#   make browser-figures  how soon that page can be used, with 20,000 runs too
#   make bench         the figures of docs/en/benchmarks.md: ROUNDS=60 RESOURCES=200
#                      LONGEST=20 (seconds of a start) READERS_MB=100
#   make bench-figures the same, into the pages
#   make bench-short   a healthy check beside the bash script, alone and in a crowd: some seconds
#   make torture       hostile actions by seed, against a model: MINUTES=5 SEEDS=1000 START=1
#   make hang          a status command that hangs, at every timer's own length: ten minutes
#   make wheels        a wheel of each distribution, in dist/
#   make install PLUGINS="jp1-ajs3-manager command" PREFIX=/opt/ark
#   make lock          the versions and hashes of what is installed, into requirements/
#   make changelog VERSION=0.2.0   the fragments of changelog.d, into CHANGELOG.md
#   make clean

PYTHON ?=
PREFIX ?= /opt/ark
PLUGINS ?=

VENV := $(CURDIR)/.venv
DEPS := $(CURDIR)/.deps
INSTALL := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps
ALL := jp1-base jp1-ajs3-manager jp1-ajs3-agent command postgresql systemd testing lab
LOCAL := $(foreach plugin,$(ALL),-e ./plugins/$(plugin))
PROJECTS := pyproject.toml $(foreach plugin,$(ALL),plugins/$(plugin)/pyproject.toml) \
    arkcore/__init__.py $(wildcard requirements/*.txt)
SOURCES := arkcore plugins tests $(wildcard tools/*.py)

.PHONY: demo check test lint types layers audit audit-parts test-parts tests quick-tests deadlines-and-attacks behind pythons pythons-parts coverage tests-of-deadlines attacks matrix bench bench-figures bench-short torture hang wheels install lock changelog clean
.PHONY: cluster-parts cluster-test cluster-demo cluster-torture cluster-figures
.PHONY: cluster-postgresql cluster-recordings browser browser-parts browser-figures

# Most tests wait for processes: two for each processor keep it busy. Those of deadlines have the
# machine for themselves, and fewer at once.
DEADLINES := tests/engine tests/hostile tests/torture
# These wait for little, and nothing in them depends on how fast the machine is.
QUICK := tests/unit tests/docs
WORKERS ?= $(shell expr 2 \* $$(nproc))
# The versions of Python that the classifiers name. Tests run on each, all of them on that of .venv.
TESTED := 3.11 3.12 3.13
# A version that is not named yet is tested too where it is here. Once the tests have passed on it,
# it moves to TESTED and gets its classifier.
PYTHONS ?= $(TESTED) 3.14
TESTS ?=
MEASURED := tests/unit tests/cli tests/engine tests/conformance plugins
FEWER ?= $(shell expr 3 \* $$(nproc) / 2)
# Unit tests wait for little, and each worker reads all of them first.
FEWEST ?= $(shell nproc)
MINUTES ?= 5
SEEDS ?= 1000
START ?= 1
FAULTS ?= 50
KILLS ?= 30
NAMES ?=
SEED ?= 1

demo: $(VENV)/.demo
	$(VENV)/bin/ark demo --directory .demo

# No test of these waits for a deadline of a real action.
check: lint types layers
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist worksteal tests/unit $(PYTEST)

# The cluster waits for most of its time, and so the other tests run beside it. What either needs is
# there before; the environments are made beside each other.
test:
	$(MAKE) --no-print-directory -j2 --output-sync=target \
	    $(VENV)/.test audit-parts lint types layers audit test-parts
	@if [ "$$(id -u)" = 0 ]; then \
	    $(MAKE) --no-print-directory cluster-parts && \
	    $(MAKE) --no-print-directory -j2 --output-sync=target tests cluster-test && \
	    $(MAKE) --no-print-directory -j2 --output-sync=target deadlines-and-attacks behind && \
	    echo 'The page of ark report in a browser is LEFT OUT: make browser'; \
	else \
	    $(MAKE) --no-print-directory tests quick-tests pythons tests-of-deadlines && \
	    echo 'The cluster tests need root and are LEFT OUT; as root: make cluster-test' && \
	    echo 'The attacks need root and are LEFT OUT; as root: make attacks' && \
	    echo 'The page of ark report in a browser is LEFT OUT: make browser'; \
	fi

lint: $(VENV)/.test
	$(VENV)/bin/ruff check $(SOURCES)
	$(VENV)/bin/ruff format --check $(SOURCES)
	$(VENV)/bin/python tools/changelog.py check

types: $(VENV)/.test
	$(VENV)/bin/mypy

layers: $(VENV)/.test
	$(VENV)/bin/lint-imports

# What is not installed is unpacked here: servers to be protected, and OCF's tester with its xmllint.
test-parts: $(VENV)/.test
	command -v nginx >/dev/null || tools/unpack nginx $(DEPS)/nginx >/dev/null
	tools/postgresql $(DEPS)/postgresql >/dev/null
	tools/unpack memcached $(DEPS)/memcached libevent-2.1-7 >/dev/null
	command -v ocf-tester >/dev/null || test -x /usr/sbin/ocf-tester || \
	    tools/unpack resource-agents $(DEPS)/resource-agents >/dev/null
	command -v xmllint >/dev/null || for package in libxml2-utils libxml2 \
	    $$(apt-cache depends libxml2 | grep -o 'libicu[0-9]*'); do \
	    tools/unpack $$package $(DEPS)/$$package >/dev/null || exit 1; \
	done
	tools/need ip iproute2
	tools/need logrotate logrotate
	tools/need ping iputils-ping
	if [ "$$(id -u)" = 0 ]; then tools/need sshd openssh-server; fi
	tools/need cc gcc
	if [ "$$(id -u)" = 0 ]; then tools/test-users && tools/need /usr/lib/systemd/systemd systemd; fi

tests: test-parts
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist worksteal $(DEADLINES:%=--ignore=%) $(QUICK:%=--ignore=%) --ignore=tests/attacks $(PYTEST)

# Of the time of two processors, deadlines and attacks leave a good part.
deadlines-and-attacks:
	$(MAKE) --no-print-directory tests-of-deadlines
	$(MAKE) --no-print-directory attacks

behind: $(VENV)/.test
	+tools/behind $(MAKE) --no-print-directory quick-tests pythons

quick-tests: test-parts
	$(VENV)/bin/python -m pytest -n $(FEWEST) --dist worksteal $(QUICK) $(PYTEST)

pythons-parts: $(VENV)/.venv
	+tools/pythons parts $(PYTHONS)

# Some unit tests, some of the command's and the documentation's reference tests, on each other
# version of Python that is here; other tests: TESTS="tests/cli".
pythons: $(VENV)/.test
	+TESTS="$(TESTS)" tools/pythons $(FEWEST) $(PYTHONS)

# Tests of deadlines that are measured are slower: one that fails here alone says nothing.
coverage: test-parts
	tools/coverage $(FEWER) $(or $(TESTS),$(MEASURED))

# After .venv: what Python lacks for an environment is installed there, once.
audit-parts: $(VENV)/.venv
	@test -x $(VENV)-audit/bin/pip-audit || { PYTHON=$(PYTHON) tools/venv $(VENV)-audit && \
	    $(VENV)-audit/bin/python -m pip --disable-pip-version-check --quiet install --no-deps \
	        --no-compile --require-hashes -r requirements/audit.txt; } || \
	    echo 'pip-audit cannot be installed'

# Licences fail it; so do known vulnerabilities. Where their database is not reached, it says so.
audit: $(VENV)/.test audit-parts
	$(VENV)/bin/python tools/audit.py $(VENV)-audit/bin/pip-audit

tests-of-deadlines: test-parts
	$(VENV)/bin/python -m pytest -n $(FEWER) --dist worksteal $(DEADLINES) $(PYTEST)

attacks: test-parts
	@test "$$(id -u)" = 0 || { echo 'the attacks need root: sudo make attacks' >&2; exit 2; }
	$(VENV)/bin/python -m pytest -n $(WORKERS) --dist worksteal tests/attacks $(PYTEST)

cluster-parts: $(VENV)/.test
	tools/cluster-packages $(VENV)/bin/python
	tools/postgresql $(DEPS)/postgresql >/dev/null
	command -v nginx >/dev/null || tools/unpack nginx $(DEPS)/nginx >/dev/null

cluster-test: cluster-parts
	$(VENV)/bin/python -m pytest tests/cluster -m cluster $(PYTEST)

cluster-figures: cluster-parts
	$(VENV)/bin/python -m pytest tests/cluster -m cluster --figures docs $(PYTEST)

cluster-demo: cluster-parts
	PYTHONPATH=tests $(VENV)/bin/python -m rigs.jp1_cluster.demo

cluster-torture: cluster-parts
	PYTHONPATH=tests $(VENV)/bin/python -m rigs.jp1_cluster.torture --faults $(FAULTS) --seed $(SEED)

cluster-postgresql: cluster-parts
	PYTHONPATH=tests $(VENV)/bin/python tests/database_cluster.py --kills $(KILLS) --seed $(SEED)

# All of them anew; NAMES="command-start-hangs" for some.
cluster-recordings: cluster-parts
	PYTHONPATH=tests $(VENV)/bin/python -m rigs.jp1_cluster.recordings --into tests/recordings $(NAMES)

# A Chromium is 300 MB to unpack, which takes longer than its tests: `make test` leaves them out.
browser-parts: $(VENV)/.test
	tools/chromium $(DEPS)/chromium >/dev/null
	tools/axe $(DEPS)/axe >/dev/null

browser: browser-parts
	$(VENV)/bin/python -m pytest tests/browser -m browser $(PYTEST)

browser-figures: browser-parts
	PYTHONPATH=tests $(VENV)/bin/python -m browser.figures $(DEPS)/chromium/chromium

matrix: $(VENV)/.test
	$(VENV)/bin/python -m pytest -n auto --dist worksteal -m matrix tests/conformance tests/cli/test_cli_new_kinds.py

bench: $(VENV)/.test
	tools/unpack resource-agents $(DEPS)/resource-agents >/dev/null
	$(VENV)/bin/python tools/bench.py $(DEPS)/resource-agents

bench-figures: $(VENV)/.test
	tools/unpack resource-agents $(DEPS)/resource-agents >/dev/null
	$(VENV)/bin/python tools/bench.py $(DEPS)/resource-agents \
	    --figures docs/en/benchmarks.md docs/ja/benchmarks.md

bench-short: $(VENV)/.test
	$(VENV)/bin/python tools/bench.py --short

torture: $(VENV)/.test
	PYTHONPATH=tests $(VENV)/bin/python -m rigs.torture \
	    --minutes $(MINUTES) --seeds $(SEEDS) --start-seed $(START)

hang: $(VENV)/.test
	$(VENV)/bin/python tools/hung_status.py

wheels: $(VENV)/.test
	rm -rf dist
	for project in . $(foreach plugin,$(ALL),plugins/$(plugin)); do \
	    $(VENV)/bin/python -m build --no-isolation --wheel --outdir dist $$project >/dev/null || exit 1; \
	done
	ls dist

install:
	@test -n "$(PLUGINS)" || { echo 'name the plugins: make install PLUGINS="jp1-base"; PLUGINS=arkcore for none' >&2; exit 2; }
	@test -x $(PREFIX)/bin/python || PYTHON=$(PYTHON) tools/venv $(PREFIX)
	tools/install $(PREFIX)/bin/python $(PLUGINS)
	@$(PREFIX)/bin/ark plugins

$(VENV)/.venv:
	PYTHON=$(PYTHON) tools/venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.venv $(PROJECTS)
	$(INSTALL) --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(INSTALL) --no-build-isolation -e . $(LOCAL)
	@touch $@

$(VENV)/.test: $(VENV)/.venv $(PROJECTS) tests/toy/pyproject.toml tests/wrong/pyproject.toml
	$(INSTALL) --require-hashes -r requirements/test.txt
	$(INSTALL) --no-build-isolation -e . $(LOCAL) -e ./tests/toy -e ./tests/wrong
	@touch $@

# What the tests need, without ours: tools/pythons installs wheels of ours beside it.
# What of it they import is compiled then; most of it is not imported.
$(VENV)/.parts: $(VENV)/.venv requirements/test.txt
	$(INSTALL) --no-compile --require-hashes -r requirements/test.txt
	@touch $@

# The versions stay as they are; all of them anew: make lock UPGRADE=yes
lock:
	test -x $(VENV)-lock/bin/uv || { PYTHON=$(PYTHON) tools/venv $(VENV)-lock && \
	    $(VENV)-lock/bin/python -m pip --disable-pip-version-check --quiet install uv; }
	UPGRADE=$(UPGRADE) tools/lock $(VENV)-lock/bin/uv

# VERSION is the one that arkcore/__init__.py holds: change it there first.
changelog: $(VENV)/.test
	@test -n "$(VERSION)" || { echo 'name it: make changelog VERSION=0.2.0' >&2; exit 2; }
	$(VENV)/bin/python tools/changelog.py release $(VERSION)

clean:
	rm -rf $(VENV) $(VENV)-* $(DEPS) .coverage .demo dist build .mypy_cache .pytest_cache .ruff_cache
