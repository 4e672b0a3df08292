# make brew   a small assistant from the documentation of your Python, in under an hour
# make test   the tests
# make check  format, lint, types and layers: what .ci/run runs after the tests
#
# Each makes .venv when it is absent and installs just what it needs, at the versions of constraints.txt.
# Another interpreter: make brew PYTHON=python3.12

PYTHON ?= python3
PROJECT ?= quickstart
VENV := .venv

# Installed anew only when the content of these two changes, not when git touches their dates.
LOCK := $(shell cat pyproject.toml constraints.txt | cksum | cut -d' ' -f1)
READY := ready-base ready-test ready-check

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help brew test check clean venv $(READY)

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile

brew: ready-base
	@test -e $(PROJECT)/samovar.yaml || $(VENV)/bin/samovar new $(PROJECT)
	@$(VENV)/bin/samovar brew $(PROJECT)
	@printf '\nNext:\n  %s\n  %s\n  %s\n' \
	  '$(VENV)/bin/samovar chat $(PROJECT)     talk to it here' \
	  '$(VENV)/bin/samovar serve $(PROJECT)    talk to it in the browser, or through the OpenAI API' \
	  'make test                         run the tests'

test: ready-test
	@$(VENV)/bin/python -m pytest -m 'not slow and not gpu' -n auto --dist worksteal $(PYTEST_ARGS)

check: ready-check
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# The mark of an extra covers the base too, which is in every extra.
$(READY): ready-%: venv
	@test -e $(VENV)/.$*-$(LOCK) || { \
	  echo 'Installing what `make $(firstword $(MAKECMDGOALS))` needs into $(VENV), once ...'; \
	  $(VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt \
	    -e '.$(if $(filter base,$*),,[$*])' && touch $(VENV)/.$*-$(LOCK) $(VENV)/.base-$(LOCK); }

# A .venv that was copied or moved here still points at its old place, so it counts as absent.
venv:
	@if ! grep -qsF '$(CURDIR)/$(VENV)' $(VENV)/bin/pip || ! $(VENV)/bin/pip --version >/dev/null 2>&1; then \
	  $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo 'error: Samovar needs Python 3.11 or newer, and $(PYTHON) is:' "$$($(PYTHON) --version 2>&1)" >&2; \
	    echo 'hint: name another one: make $(firstword $(MAKECMDGOALS)) PYTHON=python3.12' >&2; exit 1; }; \
	  $(PYTHON) -m venv --clear $(VENV) || { \
	    rm -rf $(VENV); \
	    echo 'error: $(PYTHON) cannot make a virtual environment' >&2; \
	    echo 'hint: on Debian and Ubuntu: sudo apt-get install python3-venv' >&2; exit 1; }; \
	fi
