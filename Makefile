# `make demo` and `make test` do their own set-up: python3 (3.11 to 3.13, with venv) is enough.

VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow pythons lint docs bench sbom audit golden mutants clean

help:
	@echo "make demo       install, simulate a county, score it, explain households, judge the model"
	@echo "make test       install with the development tools, run the tests"
	@echo "make test-slow  the long tests: recovery, coverage, kills, engines, Python releases"
	@echo "make lint       ruff, mypy --strict, import contracts"
	@echo "make docs       the documentation site, in docs/_build/html"
	@echo "make bench      print every figure beside its budget"
	@echo "make golden     archive the decisions of a new model; REPLACE=NAME rewrites those of an old one"
	@echo "make mutants    changes scoring in small ways; tells which its tests do not notice (hours)"
	@echo "make sbom       write what the library needs at run time to dist/sanzhixin.cdx.json"
	@echo "make audit      ask the advisory service for known vulnerabilities of the pins"
	@echo "make clean      remove the environment, caches and the demo's output"

$(VENV)/.created:
	@python=""; \
	for name in $(PYTHON) python3 python3.13 python3.12 python3.11 python; do \
	    if $$name -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	        >/dev/null 2>&1; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	    echo "No Python 3.11, 3.12 or 3.13 with the venv module was found." \
	        "Install one, or name it: make $(or $(MAKECMDGOALS),demo) PYTHON=/path/to/python3" >&2; \
	    exit 1; \
	fi; \
	echo "Creating $(VENV) with $$($$python --version)" && $$python -m venv --clear $(VENV)
	@touch $@

$(VENV)/.core: $(VENV)/.created constraints.txt pyproject.toml
	@echo "Installing the library from constraints.txt"
	@$(PIP) install --constraint constraints.txt hatchling
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable ".[report,sign]"
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	@echo "Installing the development tools from constraints.txt"
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable ".[dev]"
	@touch $@

demo: $(VENV)/.core
	$(BIN)/sanzhixin demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(JOBS)

# Environments of the other Python releases that are there, for the test that compares their bytes.
pythons:
	@for version in 3.11 3.12 3.13; do \
	    home=.venv-$$version; test -f $$home/.core && continue; \
	    for name in $$(ls -d $(HOME)/.pyenv/versions/$$version*/bin/python 2>/dev/null) python$$version; do \
	        $$name -c 'import ensurepip, venv' >/dev/null 2>&1 || continue; \
	        echo "Creating $$home"; \
	        $$name -m venv --clear $$home && \
	            $$home/bin/python -m pip --disable-pip-version-check -qq install \
	                --constraint constraints.txt . && touch $$home/.core; \
	        break; \
	    done; \
	done

test-slow: $(VENV)/.dev pythons
	$(BIN)/python -m pytest -n $(JOBS) -m slow tests

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

$(VENV)/.bench: $(VENV)/.dev
	@echo "Installing the peers of the benchmarks from constraints.txt"
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable ".[bench]"
	@touch $@

bench: $(VENV)/.bench
	@for script in benchmarks/bench_*.py; do echo "$$script"; $(BIN)/python $$script || exit 1; done

$(VENV)/.mutants: $(VENV)/.dev
	@echo "Installing mutmut from constraints.txt"
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable ".[mutants]"
	@touch $@

# Changes scoring in thousands of small ways and runs its tests on each; hours. MUTANTS takes globs,
# e.g. MUTANTS="sanzhixin.scoring.dates.*".
mutants: $(VENV)/.mutants
	env -u PYTHONDONTWRITEBYTECODE PYTHONHASHSEED=0 $(BIN)/mutmut run --max-children $(JOBS) $(MUTANTS)
	$(BIN)/mutmut export-cicd-stats && cat mutants/mutmut-cicd-stats.json

# Archived decisions of released models; refuses to change one of them without --replace.
golden: $(VENV)/.dev
	$(BIN)/python -m tests.golden.make_golden $(if $(REPLACE),--replace $(REPLACE))

SUPPLY := .venv-supply/bin
EXTRAS := excel,report,sign,spark,sql
SBOM ?= dist/sanzhixin.cdx.json

.venv-supply/.created: $(VENV)/.created constraints.txt
	@echo "Installing the tools of the supply chain from constraints.txt"
	@$(BIN)/python -m venv --clear .venv-supply
	@$(SUPPLY)/python -m pip --disable-pip-version-check -qq install --constraint constraints.txt \
	    cyclonedx-bom pip-audit
	@touch $@

# What a bank installs: the wheel and its extras, and not even pip.
.venv-run/.created: .venv-supply/.created $(VENV)/.core
	@echo "Installing the library and its extras, and nothing else, from constraints.txt"
	@$(BIN)/python -m venv --clear --without-pip .venv-run
	@$(BIN)/python -m hatchling build -t wheel -d .venv-run/wheel >/dev/null 2>&1
	@$(SUPPLY)/python -m pip --python .venv-run/bin/python --disable-pip-version-check -qq install \
	    --constraint constraints.txt "$$(echo .venv-run/wheel/*.whl)[$(EXTRAS)]"
	@touch $@

# Addresses are left out: packages name registries and fund-raisers in them.
sbom: .venv-run/.created
	@work=$$(mktemp -d) && trap 'rm -rf "$$work"' EXIT && \
	version=$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' sanzhixin/__init__.py) && \
	sed "s/^dynamic = .*/version = \"$$version\"/" pyproject.toml >"$$work/pyproject.toml" && \
	env -u SOURCE_DATE_EPOCH $(SUPPLY)/cyclonedx-py environment --output-reproducible \
	    --pyproject "$$work/pyproject.toml" --mc-type library -o "$$work/full.json" .venv-run && \
	mkdir -p "$(dir $(SBOM))" && \
	$(SUPPLY)/python -c 'import json, sys; print(json.dumps(json.load(sys.stdin, object_hook=lambda \
	    part: {k: part[k] for k in part if k != "externalReferences"}), indent=2, sort_keys=True))' \
	    <"$$work/full.json" >"$(SBOM)" && \
	echo "What the library needs at run time stands in $(SBOM)"

audit: .venv-supply/.created
	@.ci/audit $(AUDIT)

clean:
	rm -rf $(VENV) .venv-3.* .venv-run .venv-supply mutants demo-out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	    .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
