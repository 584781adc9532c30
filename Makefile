# Everything here works from a fresh clone; `make help` says what there is.

PYTHON ?= python3
BIN := .venv/bin
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1

.DEFAULT_GOAL := help
.PHONY: help install run test check messages bench lock clients

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

install: .venv/.runtime  ## install what the product needs into .venv

run: .venv/.runtime  ## install, then serve a demo at http://localhost:8000 (PORT=9000 make run: elsewhere)
	@$(BIN)/python manage.py run

test: .venv/.development  ## run all tests, also on a local PostgreSQL and Redis where there are
	@$(BIN)/python -m tests.run $(ARGS)

check: .venv/.development  ## lint, types, import contracts, migrations, docs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest -q $(wildcard tests/test_docs*.py tests/docs)

messages: .venv/.development  ## collect the portal's texts for translators (needs gettext), compile the translated ones
	$(BIN)/python manage.py makemessages --all --no-obsolete --add-location file --ignore .venv --ignore tests --ignore var
	$(BIN)/python -m tests.messages

bench: .venv/.development  ## measure; docs/benchmarks.md explains the figures
	@$(BIN)/python -m tests.benchmarks

clients:  ## install the Node clients that some tests use where it is there
	@command -v npm >/dev/null || { echo "Missing: npm. Install Node.js 20 or newer." >&2; exit 1; }
	@mkdir -p -m 700 var
	@npm install --silent --no-fund --no-audit --no-save --prefix var/clients oauth4webapi@3.8.8 jose@6.2.17 openid-client@6.8.9

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
lock: .venv/.uv  ## compile the lock files anew; `make lock UPGRADE=--upgrade` takes newer versions
	$(LOCK) $(UPGRADE) --group dev pyproject.toml --output-file requirements-dev.lock
	$(LOCK) --constraints requirements-dev.lock pyproject.toml --output-file requirements.lock
	$(LOCK) --group install --output-file requirements-uv.lock

# --- the virtual environment ------------------------------------------------------------------------------------------
# Each step leaves a stamp, so that it is repeated only when the lock file it installs has changed.

.venv/.uv: requirements-uv.lock
	@command -v $(PYTHON) >/dev/null \
	  || { echo "Missing: $(PYTHON). Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Missing: Python 3.11 or newer ($(PYTHON) is older). Name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Missing: Python's venv module. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@echo "Creating .venv…"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-uv.lock
	@touch $@

# pip knows mirrors and certificates that uv may not: it is slower, and takes over where uv fails
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --requirement $< \
  || { echo "uv could not; pip tries…"; $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<; }

.venv/.runtime: requirements.lock .venv/.uv
	@echo "Installing $< into .venv…"
	@$(INSTALL)
	@touch $@

.venv/.development: requirements-dev.lock .venv/.runtime
	@echo "Installing $< into .venv…"
	@$(INSTALL)
	@touch $@
