# Every target needs only Python 3.11, 3.12 or 3.13 and make. Another Python: make PYTHON=python3.12
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: course test lab build site check lock clean

course: $(INSTALLED)  ## the whole course once: build, paint, release, grade, marks
	$(BIN)/course demo

test: $(INSTALLED)  ## style, types and all tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile

lab: $(INSTALLED)  ## JupyterLab at the notebooks
	$(BIN)/jupyter lab notebooks

build: $(INSTALLED)  ## the students' notebooks from notebooks/source
	$(BIN)/course build

site: $(INSTALLED)  ## the site in build/site; runs the notebooks that changed
	$(BIN)/course site --run

lock:  ## requirements.lock from pyproject.toml (needs the .venv of any other target)
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make lock" -o requirements.lock

clean:  ## everything that is made, but for .venv
	rm -rf build output

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13) and "This course needs Python 3.11, 3.12 or 3.13; $(PYTHON) is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; on Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --require-hashes -r requirements.lock
	$(BIN)/pip install --no-deps --no-build-isolation -e .
	touch $@
