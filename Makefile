# One command each; every target makes the environment itself if it is missing.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# the tests' compiled files are kept whatever the surroundings say: making them takes each worker 10 s
TEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto --dist worksteal --durations 10 --durations-min 2

.PHONY: venv demo test check lint types contracts bench test-long mutants lives docs clean

venv: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "estim needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[sim,plot,notify,fhir,dev]'
	$(BIN)/python -m compileall -q estim protocols simulator
	touch $(READY)

demo: $(READY)
	@home=$$(mktemp -d) && $(BIN)/estim --home "$$home" --simulate coyote3 --speed 60 run tens-ankle --minutes 20 --level 12 --pads-on; \
	code=$$?; rm -rf "$$home"; exit $$code

test: $(READY)
	$(TEST)

# more packets, whole sessions for every open question, new random examples
test-long: $(READY)
	ESTIM_TESTS=long $(TEST)

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

check: lint types contracts test

# half an hour; `python -m tests.bench --help` lists what there is, and a name runs it alone
bench: $(READY)
	$(BIN)/python -m tests.bench

mutants: $(READY)
	$(BIN)/python -m tests.mutants

lives: $(READY)
	$(BIN)/python -m tests.lives.run

docs: $(READY)
	$(BIN)/python -m tests.generate

clean:
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
