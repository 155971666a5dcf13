# Two commands to know: `make quickstart` learns from digits and prints what it gained, `make test` proves the whole kit.
# An environment of your own serves as well: make test VENV=/path/to/env, and another Python: make quickstart PYTHON=python3.12
PYTHON ?= python3
VENV ?= .venv
PIP_ARGS ?=
WORKERS ?= 2
LAB_ARGS ?=
PORT ?= 8000
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help quickstart test test-oldest types notebooks test-browser test-hostile chromium lab lab-check wheel bench docs docs-serve export check lesson mutants

help:
	@echo "make quickstart   install into $(VENV), pretrain on digits, print the gain over raw pixels (about a minute after installing)"
	@echo "make test         install with the tools for development, run every lesson and every generated test"
	@echo "make types        check the type hints of the package"
	@echo "make notebooks    run all notebooks from top to bottom, the long ones included"
	@echo "make test-browser click through the widgets in JupyterLab and Notebook 7 (needs Chromium; CHROMIUM=/path/to/it)"
	@echo "make test-hostile crafted files through every reader, senseless lines through every command (three minutes of one core)"
	@echo "make lab          open the quickstart notebook in JupyterLab (installs what the lessons import)"
	@echo "make lab-check    do all lessons find what they import? runs five of them (about two minutes)"
	@echo "make wheel        build the wheel and the source archive into dist/"
	@echo "make test-oldest  run the tests with the oldest versions that settings.ini allows (before a release)"
	@echo "make docs         build the documentation site into _docs; make docs-serve shows it at http://localhost:$(PORT)"
	@echo "make bench        measure speed and memory against the usual formulations"
	@echo "make lesson N=05  export one notebook and test what the edit reaches, in seconds (RUN=1, ALL=1, WATCH=1)"
	@echo "make export       notebooks -> package, tests and README (after an edit)"
	@echo "make mutants      make mistakes on purpose and see that the tests notice (ONLY=loss for one module)"

$(BIN)/python:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { echo "Python is missing: there is no '$(PYTHON)'. On Debian and Ubuntu: sudo apt install python3 python3-venv. Or name one: make PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "Python 3.10 or newer is needed, '$(PYTHON)' is $$("$(PYTHON)" -V 2>&1). Name another: make PYTHON=/path/to/python3.12"; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is missing. On Debian and Ubuntu: sudo apt install python3-venv"; exit 1; }
	"$(PYTHON)" -m venv "$(VENV)"

# An environment may serve several checkouts: the mark of an installation names the one that it holds.
ifneq ($(shell cat "$(VENV)/.barlow_kit" 2>/dev/null),$(CURDIR))
OTHER := other
endif
.PHONY: other

$(VENV)/.barlow_kit: settings.ini setup.py $(OTHER) | $(BIN)/python
	@echo "Installing the kit into $(VENV) (PyTorch is large: minutes on the first time)"
	@"$(BIN)/python" -m pip install -q $(PIP_ARGS) -e .
	@echo "$(CURDIR)" > $@

$(VENV)/.barlow_kit_lab: settings.ini setup.py $(OTHER) | $(BIN)/python
	@echo "Installing the kit and all that the lessons need into $(VENV) (PyTorch is large: minutes on the first time)"
	@"$(BIN)/python" -m pip install -q $(PIP_ARGS) -e '.[lab]'
	@echo "$(CURDIR)" | tee $@ > "$(VENV)/.barlow_kit"

$(VENV)/.barlow_kit_dev: settings.ini setup.py $(OTHER) | $(BIN)/python
	@echo "Installing the kit and the tools for development into $(VENV) (PyTorch is large: minutes on the first time)"
	@"$(BIN)/python" -m pip install -q $(PIP_ARGS) -e '.[dev]'
	@echo "$(CURDIR)" | tee $@ "$(VENV)/.barlow_kit_lab" > "$(VENV)/.barlow_kit"

$(VENV)/.barlow_kit_browser: $(VENV)/.barlow_kit_dev
	@"$(BIN)/python" -m pip install -q $(PIP_ARGS) -e '.[browser]'
	@echo "$(CURDIR)" > $@

quickstart: $(VENV)/.barlow_kit
	@"$(BIN)/barlow-kit" quickstart

lab: $(VENV)/.barlow_kit_lab
	"$(BIN)/jupyter" lab $(LAB_ARGS) nbs/tutorials/quickstart.ipynb

# Means most in an environment without the tools for development: make lab-check VENV=/tmp/reader
lab-check: $(VENV)/.barlow_kit_lab
	@OMP_NUM_THREADS=1 "$(BIN)/python" .ci/lab_check.py

$(VENV)/.barlow_kit_docs: $(VENV)/.barlow_kit_lab
	@"$(BIN)/python" -m pip install -q $(PIP_ARGS) -e '.[docs]'
	@echo "$(CURDIR)" > $@

docs: $(VENV)/.barlow_kit_docs
	@"$(BIN)/python" -m barlow_kit.workshop.docs

docs-serve: docs
	"$(BIN)/python" -m http.server $(PORT) --bind 127.0.0.1 --directory _docs

bench: $(VENV)/.barlow_kit_lab
	@for b in loss lars views jpeg step; do echo "== benchmarks/$$b.py"; "$(BIN)/python" benchmarks/$$b.py || exit 1; done

export: $(VENV)/.barlow_kit_dev
	@"$(BIN)/python" -m barlow_kit.workshop.export

# Notebooks in their one form; package, tests and README as the notebooks say.
check: $(VENV)/.barlow_kit_dev
	@"$(BIN)/python" -m barlow_kit.workshop.export --check

# One lesson while you write it: make lesson N=05, with RUN=1 to execute it first, ALL=1 for all its sections, WATCH=1.
lesson: $(VENV)/.barlow_kit_dev
	@OMP_NUM_THREADS=1 "$(BIN)/python" -m barlow_kit.workshop.export "$(N)" $(if $(RUN),--run) $(if $(ALL),--all) $(if $(WATCH),--watch)

# Mistakes made on purpose, one at a time: does a test notice each? By hand; ONLY=loss for one module.
mutants: $(VENV)/.barlow_kit_dev
	@"$(BIN)/python" -m barlow_kit.workshop.mutants $(if $(ONLY),--only $(ONLY))

# Experiments are read from their results; these three also train, five steps of each variant (all: SHORT=.).
SHORT ?= ^(loss_ablation|asymmetry|length)
NBDEV_TEST = PATH="$(abspath $(BIN)):$$PATH" OMP_NUM_THREADS=1 MPLBACKEND=Agg nbdev_test --n_workers $(WORKERS)

# Do calls and returned values fit the type hints? Rules: pyproject.toml.
types: $(VENV)/.barlow_kit_dev
	@"$(BIN)/mypy"

test: check types
	@echo "== lessons (numbered notebooks are run section by section below)"
	$(NBDEV_TEST) --skip_file_re '^([_.0-9]|few_labels|detection)'
	@echo "== long ones and experiments, in their short form"
	BARLOW_KIT_SHORT=1 $(NBDEV_TEST) --file_re '^(few_labels|detection)'
	BARLOW_KIT_SHORT=1 $(NBDEV_TEST) --path nbs/experiments --file_re '$(SHORT)'
	@echo "== tests"
	OMP_NUM_THREADS=1 "$(BIN)/python" -m pytest tests -q -n $(WORKERS) --dist worksteal

# The numbered notebooks from top to bottom, as a reader runs them: what the tests do section by section.
notebooks: $(VENV)/.barlow_kit_dev
	$(NBDEV_TEST)

chromium:
	@for name in $$CHROMIUM chromium chromium-browser google-chrome; do command -v "$$name" >/dev/null && exit; done; \
	  echo "Chromium is missing. On Debian and Ubuntu: sudo apt-get install chromium. Or name one: make test-browser CHROMIUM=/path/to/chromium"; exit 1

test-browser: chromium $(VENV)/.barlow_kit_browser
	"$(BIN)/python" -m pytest tests/browser -m browser -q $(ARGS)

# Files and command lines that are wrong on purpose; ARGS=-s prints the tables, HOSTILE_WHOLE=1 gives each reader every file.
test-hostile: $(VENV)/.barlow_kit_dev
	OMP_NUM_THREADS=1 MPLBACKEND=Agg "$(BIN)/python" -m pytest tests/hostile -m hostile -q -n $(WORKERS) --dist loadfile $(ARGS)

wheel: $(VENV)/.barlow_kit_dev
	@"$(BIN)/python" -m pip install -q $(PIP_ARGS) build
	@rm -rf build dist && "$(BIN)/python" -m build -o dist . >/dev/null && ls -l dist

# The lower bounds of settings.ini, each as the one version: an environment of its own, several GB.
OLDEST ?= /tmp/barlow_kit_oldest
OLDEST_PYTHON ?= python3.10
LOWER = 'import configparser as c, re; s = c.ConfigParser(delimiters=["="]); s.read("settings.ini"); \
  print(*re.findall(r"\S+>=\S+", s["DEFAULT"]["requirements"] + " " + s["DEFAULT"]["lab_requirements"]), sep="\n")'
test-oldest:
	@test -x "$(OLDEST)/bin/python" || "$(OLDEST_PYTHON)" -m venv "$(OLDEST)"
	@"$(OLDEST)/bin/python" -c $(LOWER) | sed '/^fastcore/d; s/>=/==/' > "$(OLDEST)/oldest.txt" && cat "$(OLDEST)/oldest.txt"
	@"$(OLDEST)/bin/python" -m pip install -q $(PIP_ARGS) -c "$(OLDEST)/oldest.txt" -e '.[dev]'
	OMP_NUM_THREADS=1 MPLBACKEND=Agg "$(OLDEST)/bin/python" -m pytest tests -q -n $(WORKERS) --dist worksteal $(ARGS)
