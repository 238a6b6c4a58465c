# Everything is made under build/ and needs nothing but git, make and python3 (3.11 or newer) with venv.
PYTHON ?= python3

STAGES = $(PYTHON) -B tests/tools/stages.py
INSIDE = $(PYTHON) -B tests/tools/environment.py

CORES = scenarios-2.18 scenarios-2.19 scenarios-2.20 scenarios-2.21

.PHONY: demo sandbox test quick lint units scenarios $(CORES) integration sanity simulate fuzz site bench scale docs format release clean

demo: ## three environments, from nothing: deploy, deploy again, check after a hand edit
	@$(INSIDE) python tests/demo/demo.py

sandbox: ## three empty environments to try the commands of the README on, until Ctrl-C
	@$(INSIDE) python tests/demo/sandbox.py

test: ## everything that continuous integration runs
	@$(STAGES) test

quick: ## what a change needs, in a minute
	@$(STAGES) quick

lint units scenarios $(CORES) integration sanity simulate fuzz site bench scale: ## one part of it
	@$(STAGES) $@

docs: ## write the pages that are made from tables in the code
	@for page in tests/docs/generate_*.py; do $(INSIDE) python $$page || exit 1; done

format: ## format the Python files
	@$(INSIDE) ruff check --fix .
	@$(INSIDE) ruff format .

release: ## changelog, artifact, commit and tag of the version in galaxy.yml; publishes nothing
	@$(INSIDE) python tests/tools/release.py

clean: ## remove everything that was made
	rm -rf build
