# The two commands of the README; both need only Python 3.11 or newer, make and git.
PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
STORE ?= .ndl-graph
VENV := .venv
BIN := $(VENV)/bin

.PHONY: serve test check clean

serve: $(VENV)/.installed
	@test -e $(STORE)/CURRENT || $(BIN)/ndl-graph load data --store $(STORE) --base-iri http://$(HOST):$(PORT)/
	@exec $(BIN)/ndl-graph serve --host $(HOST) --port $(PORT) --store $(STORE)

test: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist loadfile -m "not alone" $(PYTEST_ARGS)
	$(BIN)/pytest -m alone $(PYTEST_ARGS)

check: $(VENV)/.installed-test
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && \
	$(BIN)/pytest -n auto --dist loadfile -m "not slow and not browser and not alone"

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml assets/hatch_build.py assets/package-lock.json assets/site.scss | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-test: pyproject.toml assets/hatch_build.py assets/package-lock.json assets/site.scss | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .ndl-graph dist build
