# Everything is made under build/ and needs nothing but git, make and python3 (3.11 or newer) with venv.
PYTHON ?= python3

STAGES = $(PYTHON) -B tests/tools/stages.py
INSIDE = $(PYTHON) -B tests/tools/environment.py

.PHONY: demo test lint units scenarios integration sanity artifact fuzz bench docs format clean

demo: ## three environments, from nothing: deploy, deploy again, check after a hand edit
	@$(INSIDE) python tests/demo/demo.py

test: ## everything that continuous integration runs
	@$(STAGES) test

lint units scenarios integration sanity artifact fuzz bench docs: ## one part of it
	@$(STAGES) $@

format: ## bring the Python files into shape
	@$(INSIDE) ruff check --no-cache --fix .
	@$(INSIDE) ruff format --no-cache .

clean: ## remove everything that was made
	rm -rf build
