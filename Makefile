# `make help` lists what there is. Settings come from the environment: PORT=9000 make run.

.DEFAULT_GOAL := help
.PHONY: help run test soak live check bench screenshots lock

ifdef PYTHON
export PYTHON
endif

PY := .venv/bin/python
INSTALL := sh config/local/install.sh

help: ## Say what each target does
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r name what; do \
		printf '  make %-12s %s\n' "$$name" "$$what"; done

run: ## Set everything up and start it (PORT, COUNTERSIGN_HOME); Ctrl-C stops all of it
	@$(INSTALL) run
	@exec $(PY) -m config.local

test: ## Run the suite: real PostgreSQL, Redis and browser
	@$(INSTALL) dev
	@$(INSTALL) browser
	@$(INSTALL) proxy
	@$(PY) -m pytest --numprocesses 3

soak: ## Run the long fault and load tests
	@$(INSTALL) dev
	@$(PY) -m pytest -m soak

live: ## Run the few checks that need a provider's key (OPENAI_API_KEY or ANTHROPIC_API_KEY)
	@if [ -z "$$OPENAI_API_KEY$$ANTHROPIC_API_KEY$$COUNTERSIGN_LIVE_MODEL" ]; then \
		echo "not run: no provider key"; else $(INSTALL) dev && $(PY) -m pytest tests/live; fi

check: ## Run the linters, the type checker and the migration check
	@$(INSTALL) dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy .
	$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
	$(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

bench: ## Measure throughput and latency on this machine
	@$(INSTALL) dev
	@$(PY) -m tests.bench

screenshots: ## Take the pictures of the console
	@$(INSTALL) dev
	@$(INSTALL) browser
	@$(PY) -m tests.screenshots

lock: ## Resolve pyproject.toml and tests/litellm-proxy.in into the locked lists (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: see docs.astral.sh/uv." >&2; exit 1; }
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		pyproject.toml --output-file requirements.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		--extra dev --constraint requirements.txt pyproject.toml --output-file requirements-dev.txt
	uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11 \
		tests/litellm-proxy.in --output-file tests/litellm-proxy.txt
