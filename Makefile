# Every target brings what it needs: `make demo` and `make test` work on a fresh machine.
# ARGS are passed through, as in `make demo ARGS="--auto --json"`.
SHELL := /bin/bash
BIN := .venv/bin

.PHONY: demo test screenshots bench fault-table attack-table diagnose-table soak fuzz lock clean format deb tarball reproducible smoke msi msi-smoke

demo:
	@installer/bootstrap desktop
	@$(BIN)/mohr demo --folder .mohr/demo $(ARGS)

# Everything CI checks, cheapest first. The tests wait more than they work: three at a time fill two cores. A file
# stays with one worker, since its tests share what was expensive to start, and the long ones come early by name.
test:
	@installer/bootstrap dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.docs
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

# Every screen in every state, fa and en, light and dark (ARGS="FOLDER NAME..."), and the few that the docs show.
screenshots:
	@installer/bootstrap dev
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.desktop.gallery $(or $(ARGS),.mohr/screenshots)
	@$(BIN)/python -m tests.desktop.pictures

bench:
	@installer/bootstrap dev
	@$(BIN)/python -m tests.bench $(ARGS)

# What a module may do wrong, at each call, and how the agent comes through (ARGS=--json: a row a cell).
fault-table:
	@installer/bootstrap dev
	@$(BIN)/python -m tests.fault $(ARGS)

# Who attacks from where, and what must come of it (ARGS=--run: how each attack ended, on a real agent).
attack-table:
	@installer/bootstrap dev
	@$(BIN)/python -m tests.attack $(ARGS)

# Every prepared fault, set up for real, and what `mohr diagnose` names first (ARGS=--json: a row a fault).
diagnose-table:
	@installer/bootstrap dev
	@$(BIN)/python -m tests.diagnostics $(ARGS)

# 10,000 signatures with faults at random moments, then 200 tabs for ten minutes (ARGS="--count N --seconds N --seed N").
soak:
	@installer/bootstrap dev
	@$(BIN)/python -m tests.soak $(ARGS)

# Whatever octets come in, an answer or a typed refusal comes out (ARGS="--examples N NAME...").
fuzz:
	@installer/bootstrap dev
	@$(BIN)/python -m tests.fuzz $(ARGS)

# What people install, into dist/: frozen in build/, which is thrown away with `make clean`. ARGS="--version X".
PACK := @installer/bootstrap package && PATH="$(CURDIR)/build/venv/bin:$$PATH" build/venv/bin/python -m installer.linux
deb:
	$(PACK) deb $(ARGS)

tarball:
	$(PACK) tarball $(ARGS)

# Both built twice, in two folders, under two clocks' zones and masks; 1 where an octet differs.
reproducible:
	@installer/bootstrap package
	@PATH="$(CURDIR)/build/venv/bin:$$PATH" installer/linux/reproducible

# A package is installed in a root of its own, used as a doctor uses it, updated and purged (as root; minutes).
# ARGS="--suite trixie|noble|jammy --browsers".
smoke:
	@$(MAKE) --no-print-directory deb ARGS=
	@installer/bootstrap dev
	@$(BIN)/python -m tests.smoke $(ARGS)

# The package for Windows, of programs that were frozen there (ARGS="--payload DIR").
msi:
	@installer/bootstrap dev
	@$(BIN)/python -m installer.windows msi $(ARGS)

# That package installed, updated and removed by wine, of small files or ARGS="--payload build/frozen" (minutes).
msi-smoke:
	@installer/bootstrap wine
	@$(BIN)/python -m tests.smoke.windows $(ARGS)

format:
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Pinned with hashes, naming no host: an index line would tie the project to one machine's mirror.
lock:
	@for name in desktop dev package worker32; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-strip-extras \
	    --no-emit-index-url --no-emit-find-links requirements/$$name.in --output-file requirements/$$name.txt; \
	done

clean:
	rm -rf build dist .mohr .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache site
