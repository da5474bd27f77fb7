# `make figures` and `make test` set up everything they need; `make help` lists the rest.
PYTHON ?= python3
VENV   ?= .venv
# PY=python uses the active environment (conda, for example) and sets up nothing
PY     ?= $(VENV)/bin/python
CAM_DATA ?=
# owner/name on GitHub: the site links to what it does not hold; empty: no such links
REPOSITORY ?=
export PYTHONHASHSEED := 0
# notebooks' kernels import this checkout, whatever else the environment has installed
export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
export OMP_WAIT_POLICY := PASSIVE

ifeq ($(PY),$(VENV)/bin/python)
READY := $(VENV)/.ready
endif

.PHONY: figures test paper notebooks lab doctor site bench mutants clean help setup

figures: $(READY)  ## run every notebook (profile mini) and rewrite figures/mini
	$(PY) -m cam_utils figures --profile mini

test: $(READY)  ## ruff, unit and golden tests, nbval over the notebooks
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	CAM_FIGURES=.build/figures $(PY) -m pytest -q tests
	CAM_FIGURES=.build/figures CAM_REFERENCE=$(CURDIR)/tests/reference $(PY) -m pytest -q \
	    --nbval-lax --nbval-current-env --nbval-cell-timeout=1800 --nbval-sanitize-with tests/nbval_sanitize.cfg --dist=loadfile notebooks

paper: $(READY)  ## measure the tables and run every notebook on real data: make paper CAM_DATA=/folder
	@test -n "$(CAM_DATA)" || { echo "make paper needs CAM_DATA=/folder with the data sets (see make doctor)"; exit 2; }
	$(PY) -m cam_utils tables --profile paper --root $(CAM_DATA)
	$(PY) -m cam_utils figures --profile paper --root $(CAM_DATA)

notebooks: $(READY)  ## run every notebook (profile mini) and store it with its outputs
	$(PY) -m cam_utils figures --profile mini --in-place

lab: $(READY)  ## open JupyterLab on the notebooks
	$(PY) -m jupyter lab --notebook-dir notebooks

doctor: $(READY)  ## say which data sets, weights and devices are here
	$(PY) -m cam_utils doctor

site: $(READY)  ## write the book as a static site to .build/site; nothing is run
	$(PY) -m cam_utils site --repository '$(REPOSITORY)'

bench: $(VENV)/.bench  ## time cams(), sweep, boxes, networks, features beside plain code and peers
	$(PY) tests/bench_cams.py
	$(PY) tests/bench_sweep.py
	$(PY) tests/bench_boxes.py
	$(PY) tests/bench_networks.py
	$(PY) tests/bench_growth.py
	$(PY) tests/bench_features.py --pictures 480 --rounds 3

mutants: $(READY)  ## plant errors in a copy and see that the tests notice each
	$(PY) tests/mutants.py

setup: $(READY)  ## only set up the environment

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Python 3.11 or newer is needed, found {sys.version}")'
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e '.[notebooks,test,site]'
	touch $@

$(VENV)/.bench: $(READY)
	$(PY) -m pip install -q --disable-pip-version-check -e '.[bench]'
	touch $@

clean:  ## remove the environment and everything built
	rm -rf $(VENV) .build

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
