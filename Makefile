# make demo · make test: the two commands of the README. Everything else builds on .venv.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
SITE = $(shell $(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
export DO_NOT_TRACK = 1

.PHONY: help setup demo test test-all lint lock clean

help: ## Show what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: $(VENV)/ready ## Make .venv with the pinned packages

# --no-deps: the locks are complete (pip check proves it), and old pips stumble over extras with hashes.
$(VENV)/ready: requirements.lock requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python 3.11 with venv is missing. Run: apt-get install python3.11-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r requirements.lock -r requirements-dev.lock
	$(BIN)/python -m pip check
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall .
	# The installed copies give way to links, so that an edit is seen at once, by mypy too.
	@rm -rf build $(SITE)/votd && mkdir $(SITE)/votd
	@for d in flows media config; do ln -s "$(CURDIR)/$$d" $(SITE)/votd/$$d; done
	@touch $@

lint: setup ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: ## Renew the two locks (needs uv)
	uv pip compile -q --upgrade pyproject.toml --extra base-model $(LOCK_FLAGS) -o requirements.lock
	uv pip compile -q --upgrade --group pyproject.toml:dev -c requirements.lock $(LOCK_FLAGS) -o requirements-dev.lock
LOCK_FLAGS := --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras \
  --no-emit-index-url --no-emit-find-links

test: setup lint ## Style, types and tests (under 20 minutes on two cores)
	$(BIN)/python -m pytest -m "not all"

clean: ## Remove what was made
	rm -rf $(VENV) build dist site work
