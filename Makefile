# make lab    opens JupyterLab on the tour        ARGS="--no-browser --port 8890"
# make test   runs every check                    TORCH_INDEX=<index of the PyTorch build you want> for both
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
ROOT_ARGS := $(if $(filter 0,$(shell id -u)),--allow-root)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: lab test prove install format lint types imports python front browser notebooks-check notebooks bundle benchmarks wheel clean
.DEFAULT_GOAL := lab

lab: install
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks/00_tour.ipynb $(ROOT_ARGS) $(ARGS)

# The cheap checks first: a typing error should not wait for a browser.
test: lint types imports front python notebooks-check browser
	@echo "all checks passed"

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(if $(TORCH_INDEX),$(BIN)/pip install -q -c constraints.txt --index-url $(TORCH_INDEX) torch)
	$(BIN)/pip install -q -c constraints.txt -e ".[dev]"
	@touch $(STAMP)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

imports: install
	$(BIN)/lint-imports

# One thread a process: two processes that each spin up two threads on two cores stand in each other's way.
python: install
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -rs -n 2 --dist worksteal -m "not browser"

# The long proofs, of which `make test` runs a sample.
prove: install
	OMP_NUM_THREADS=1 WORKBENCH_PROVE=1 $(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not browser" --timeout 3600

# Node is only needed to change the front end: its bundle is committed, and rebuilt and compared where Node is found.
front:
	@sh widgets/check.sh

browser: install
	$(BIN)/python -m pytest -q -rs -m browser tests/browser

notebooks-check: install
	$(BIN)/python -m pytest -q --nbval --nbval-current-env --nbval-cell-timeout 120 --nbval-sanitize-with tests/nbval.cfg \
	    -o addopts="" -o filterwarnings=default -p no:cacheprovider -n 2 --dist loadscope notebooks

# ---- for developers -------------------------------------------------------------------------------------------------

notebooks: install        # re-execute and normalise every notebook
	$(BIN)/python tests/renew_notebooks.py $(ARGS)

bundle:                   # rebuild the widgets' bundles after a change in widgets/
	cd widgets && npm ci && npm run build

benchmarks: install
	$(BIN)/python -m benchmarks $(ARGS)

wheel: install
	$(BIN)/python -m build

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf .venv dist widgets/node_modules .mypy_cache .ruff_cache .hypothesis
