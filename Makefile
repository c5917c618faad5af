# Every target brings what it needs: `make demo` and `make test` work on a fresh machine.
# ARGS are passed through, as in `make demo ARGS="--auto --json"`.
SHELL := /bin/bash
BIN := .venv/bin

.PHONY: demo test bench fuzz fault-table lock clean format

demo:
	@installer/bootstrap desktop
	@$(BIN)/mohr demo --folder .mohr/demo $(ARGS)

# Everything CI checks, cheapest first.
test:
	@installer/bootstrap dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.docs
	$(BIN)/python -m pytest $(ARGS)

bench:
	@installer/bootstrap dev
	@$(BIN)/python -m tests.bench $(ARGS)

# Ten thousand damaged files of each signature format (ARGS: formats, --count, --seed).
fuzz:
	@installer/bootstrap dev
	@$(BIN)/python -m tests.verify.mutations $(ARGS)

# What a module may do wrong, at each call, and how the agent comes through (ARGS=--json: a row a cell).
fault-table:
	@installer/bootstrap dev
	@$(BIN)/python -m tests.fault $(ARGS)

format:
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Pinned with hashes, naming no host: an index line would tie the project to one machine's mirror.
lock:
	@for name in desktop dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras \
	    --no-emit-index-url --no-emit-find-links requirements/$$name.in --output-file requirements/$$name.txt; \
	done

clean:
	rm -rf .mohr .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache site
