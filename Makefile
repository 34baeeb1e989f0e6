PYTHON ?= .venv/bin/python

.PHONY: run test check bench

run: ## Talk with Echo in the terminal
	$(PYTHON) bot.py chat

test: ## Run every test
	$(PYTHON) -m pytest

check: ## Lint, format, types and import rules
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"
