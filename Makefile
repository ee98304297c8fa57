# The commands of this project; `make` alone lists them.

SHELL := /bin/bash
SCENARIO ?= basic
ARGS ?=
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help lab test check containers bench fuzz stress install lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

lab: ## set up what is missing, then run a lab: make lab [SCENARIO=nat-static] [ARGS=--keep]
	@scripts/setup lab
	@.venv/bin/gsalab lab run $(SCENARIO) $(ARGS)

test: ## set up what is missing, then lint, types and the whole suite, real peers and containers included
	@scripts/setup test
	@scripts/verify all $(ARGS)

check: ## lint, types, import rule and the fast tests: about two minutes
	@scripts/setup lab
	@scripts/verify fast $(ARGS)

containers: ## set up what is missing, then the tests of the labs in containers
	@scripts/setup test
	@scripts/verify containers $(ARGS)

bench: ## the benchmarks
	@scripts/setup lab
	@.venv/bin/python -m benchmarks $(ARGS)

fuzz: ## fuzz codec, front door, exchanges and ESP: make fuzz [FUZZ_SECONDS=60] [ARGS=codec]
	@scripts/setup lab
	@.venv/bin/python -m pip install -q --require-hashes --disable-pip-version-check -r constraints-fuzz.txt
	@.venv/bin/python -m tests.fuzz --seconds $(FUZZ_SECONDS) $(ARGS)

stress: ## floods of spoofed requests, then weeks of rekeying: make stress [ARGS="--seconds 5 links"]
	@scripts/setup lab
	@.venv/bin/python -m benchmarks._stress $(ARGS); floods=$$?; .venv/bin/python -m benchmarks._soak && exit $$floods

install: ## how to have gsalab on the PATH (changes nothing)
	@cat scripts/install.txt

lock: ## write constraints.txt anew from pyproject.toml: make lock [ARGS=--upgrade]
	@scripts/setup lab
	@scripts/lock $(ARGS)

clean: ## remove .venv and every other file that is made from the checkout
	@rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
