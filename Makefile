# Two commands do all the set-up: `make run` (a living page) and `make test` (everything, browser included).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STATE_DIR ?=
NOW ?=
EXECUTOR_ARGS ?=
ACCOUNT ?=
ACCOUNT_ARGS ?=
ACCOUNT_NAME ?= $(ACCOUNT)
DESKS ?=
LOCK = $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links
PYTEST_ARGS ?=
export HEDGE_STORE_PORT ?= 6390
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/pycache
export PYTHONDONTWRITEBYTECODE :=
# Whoever is root is asked by supervisord to say so.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--user=root)

.PHONY: run fleet test collect soak fuzz hostile hostile-desks bench check format screenshot lock clean help

help:
	@echo "make run        a living page at http://127.0.0.1:8050: paper executor, sync daemon and dashboard. The first time it"
	@echo "                installs what it needs into $(VENV); state and logs are in logs/; Ctrl-C ends all three"
	@echo "make fleet      two paper desks, each with a publisher, a redis-server, a mirror and the wall; needs redis-server"
	@echo "make test       checks and all tests, browser included"
	@echo "make check      ruff, formatting, mypy --strict, pip check; make format mends the formatting"
	@echo "make bench | soak | fuzz | hostile | hostile-desks"
	@echo "                what it costs, 20,000 ticks, 1,000,000 damaged states, 100,000 hostile requests, as many hostile desks"
	@echo "make screenshot | lock | clean"
	@echo "                docs/healthy.png anew, the pins anew, without $(VENV) and build/"
	@echo
	@echo "make run EXECUTOR_ARGS=\"--fault drawdown\"      a bad day; the README names the others"
	@echo "make run ACCOUNT=binanceusdm                   your own account, only read; docs/account.md says how. ACCOUNT=fake tries it out"
	@echo "make run DESKS=3                              several paper desks, one of them on a bad day, and their overview"
	@echo "make run STATE_DIR=/var/lib/desk/state         the dashboard alone, on a directory that others write"
	@echo "make run STATE_DIR=tests/fixtures/corpus/v7.1/healthy/logs/state NOW=1764197100     as of a fixed time"
	@echo "HEDGE_BIND=127.0.0.1:8051 make run             another port (127.0.0.1:8050); README.md has the other settings"
	@echo
	@echo "$(BIN)/python -m state --help | $(BIN)/python -m execution.executor --help | $(BIN)/python -m execution.sync_state --help"

$(VENV)/.run: requirements.txt
	@echo "installing $$(grep -c '^[a-z].*==' $<) packages of $< into $(VENV), once; it takes some minutes"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.account: requirements-account.txt | $(VENV)/.run
	@echo "installing ccxt and what it needs of $< into $(VENV), once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-account.txt
	@touch $@

$(VENV)/.fleet: requirements-fleet.txt | $(VENV)/.run
	@echo "installing redis-py of $< into $(VENV), once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-fleet.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt | $(VENV)/.run $(VENV)/.account $(VENV)/.fleet
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)/.browser: | $(VENV)/.dev
	sh tests/browser/install-chromium.sh $(BIN)
	sh tests/browser/install-nginx.sh
	sh tests/browser/install-firefox.sh
	sh tests/fleet/install-redis.sh
	@touch $@

# With STATE_DIR, HEDGE_DESKS_DIR or NOW the dashboard alone, on state that is already there; else the whole desk: executor, daemon, dashboard.
# With DESKS so many of them, in logs/desks, and one dashboard.
# What would keep the dashboard from starting is said before anything starts.
run: $(VENV)/.run $(if $(ACCOUNT),$(VENV)/.account)
	@$(BIN)/python -m dash_app.server
ifneq ($(STATE_DIR)$(HEDGE_DESKS_DIR)$(NOW),)
	@$(if $(STATE_DIR),HEDGE_STATE_DIR="$(STATE_DIR)") $(if $(HEDGE_DESKS_DIR),HEDGE_DESKS_DIR="$(HEDGE_DESKS_DIR)") $(if $(NOW),HEDGE_NOW="$(NOW)") exec $(BIN)/gunicorn
else ifneq ($(ACCOUNT),)
	@HEDGE_LOG_DIR="$${HEDGE_LOG_DIR:-logs/accounts/$(ACCOUNT_NAME)}" HEDGE_ACCOUNT_ARGS="--exchange $(ACCOUNT) $(ACCOUNT_ARGS)" \
	HEDGE_FAKE_EXCHANGE=$(if $(filter fake,$(ACCOUNT)),true,false) exec $(BIN)/supervisord $(AS_ROOT) -c deploy/supervisord-account.conf
else ifneq ($(DESKS),)
	@$(if $(filter $(DESKS),1 2 3 4 5 6 7 8),,echo "DESKS has value '$(DESKS)'. Expected a number from 1 to 8."; exit 1)
	@DESKS=$(DESKS) exec $(BIN)/supervisord $(AS_ROOT) -c deploy/supervisord-desks.conf
else
	@$(if $(EXECUTOR_ARGS),HEDGE_EXECUTOR_ARGS="$(EXECUTOR_ARGS)") exec $(BIN)/supervisord $(AS_ROOT) -c deploy/supervisord.conf
endif

# Two desks and a wall as on three hosts, with a real store between them: docs/fleet.md. HEDGE_STORE_PORT=6391 for another port.
fleet: $(VENV)/.run $(VENV)/.fleet
	@command -v redis-server >/dev/null || { echo "make fleet needs redis-server, and none is installed: apt-get install redis-server" >&2; exit 1; }
	@mkdir -p logs/fleet
	@exec $(BIN)/supervisord $(AS_ROOT) -c deploy/supervisord-fleet.conf

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pip check

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# While mypy has one of the cores, the other one compiles what each of the test processes reads.
test: $(VENV)/.browser
	@$(MAKE) --no-print-directory --jobs=2 --output-sync check collect
	$(BIN)/python -m pytest $(PYTEST_ARGS)

# What cannot be collected is said by the tests themselves.
collect: $(VENV)/.dev
	@$(BIN)/python -m pytest -n 0 --collect-only -qq > /dev/null || true

# 20,000 refreshes in one tab, heap, nodes and listeners at ten points; SOAK_ARGS="--ticks 3000" for fewer.
soak: $(VENV)/.browser
	PYTHONPATH=tests:. $(BIN)/python tests/soak/run_soak.py $(SOAK_ARGS)

# 1,000,000 damaged states through the loader on every core; FUZZ_ARGS="--states 20000 --seed 7" for fewer, and the same again.
fuzz: $(VENV)/.dev
	PYTHONPATH=tests/fuzz:tests/state:. $(BIN)/python tests/fuzz/run_fuzz.py $(FUZZ_ARGS)

# 100,000 hostile requests against two workers; HOSTILE_ARGS="--requests 5000 --seed 7" for fewer, and others.
hostile: $(VENV)/.dev
	PYTHONPATH=tests:tests/hostile:. $(BIN)/python tests/hostile/run_hostile.py $(HOSTILE_ARGS)

# 100,000 hashes of a desk that means harm, through a real store; HOSTILE_DESKS_ARGS="--hashes 5000 --seed 8" for fewer, and others.
hostile-desks: $(VENV)/.dev
	PYTHONPATH=tests:tests/fleet:. $(BIN)/python tests/fleet/run_hostile_desks.py $(HOSTILE_DESKS_ARGS)

# Ratios in one run, into build/bench.json; BENCH_ARGS="--only loads ticks" for parts, --all for the heap after 20,000 ticks
# as well. The cycles write a log of 1 GB to TMPDIR.
bench: $(VENV)/.browser
	PYTHONPATH=tests:. $(BIN)/python -m bench $(BENCH_ARGS)

screenshot: $(VENV)/.browser
	PYTHONPATH=tests:tests/browser $(BIN)/python tests/browser/take_screenshot.py docs/healthy.png

lock: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet pip-tools
	$(LOCK) --output-file requirements.txt requirements.in
	$(LOCK) --output-file requirements-dev.txt requirements-dev.in
	$(LOCK) --output-file requirements-account.txt requirements-account.in
	$(LOCK) --output-file requirements-fleet.txt requirements-fleet.in
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-account.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-fleet.txt
	$(BIN)/python tests/supply/licences.py > docs/licences.md

clean:
	rm -rf $(VENV) build
