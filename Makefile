# make demo · make test: the two commands of the README. Everything else builds on .venv.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export DO_NOT_TRACK = 1

.PHONY: help setup demo test test-all lint bench docs node lock clean

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
	@# The installed copies give way to links, so that an edit is seen at once, by mypy too.
	@site=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') && \
	  rm -rf build *.egg-info "$$site/votd" && mkdir "$$site/votd" && \
	  for d in flows media config; do ln -s "$(CURDIR)/$$d" "$$site/votd/$$d"; done
	@touch $@

lint: setup ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: setup lint ## Style, types and tests (under 20 minutes on two cores)
	$(BIN)/python -m pytest -m "not all"

test-all: setup lint node ## Everything: also browser, S3 server, kills, wheel and image (needs the packages it names)
	$(BIN)/python -m pytest
	tests/image.sh

demo: setup ## Publish the sample to ./site
	VOTD_HOME="$(CURDIR)/demo" $(BIN)/votd publish tests/sample/sample.mp4 --articles tests/sample/articles \
	  --to file:site --flow
	@echo
	@echo "Watch it:  $(BIN)/votd serve site  and open http://127.0.0.1:8000/"

bench: setup ## Measure CPU, bytes and quality against plain ffmpeg, faster-whisper and a fixed ladder, side by side
	$(BIN)/python tests/bench.py --flow
	$(BIN)/python tests/bench_video.py
	$(BIN)/python tests/bench_video.py --profile quality --rounds 1
	$(BIN)/python tests/bench_ladder.py
	$(BIN)/python tests/bench_speech.py
	$(BIN)/python tests/bench_align.py
	$(BIN)/python tests/bench_names.py
	$(BIN)/python tests/bench_captions.py
	$(BIN)/python tests/bench_passages.py
	$(BIN)/python tests/bench_link.py
	$(BIN)/python tests/bench_link.py --scale
	$(BIN)/python tests/bench_pages.py

docs: setup ## Write the tables of the README and the schemas anew
	$(BIN)/python -m votd.flows.document

node: tests/node/node_modules

tests/node/node_modules: tests/node/package-lock.json
	@command -v npm >/dev/null || { echo "make test-all needs node 20 or newer, with npm."; exit 1; }
	npm ci --prefix tests/node --no-audit --no-fund
	@touch $@

lock: ## Renew the two locks (needs uv)
	uv pip compile -q --upgrade pyproject.toml --extra base-model --extra meaning $(LOCK_FLAGS) -o requirements.lock
	uv pip compile -q --upgrade --group pyproject.toml:dev -c requirements.lock $(LOCK_FLAGS) -o requirements-dev.lock
LOCK_FLAGS := --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras \
  --no-emit-index-url --no-emit-find-links

clean: ## Remove what was made
	rm -rf $(VENV) build dist site demo tests/node/node_modules
