# The few commands that everything else hangs on. Each installs what it needs; run `make setup` alone for the environment only.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench soak lock
bin := .venv/bin
workers ?= 2
# What stands on the packages below and asks the database nothing of its own; `soak` runs it on PostgreSQL too.
elsewhere := --ignore=tests/web --ignore=tests/desk --ignore=tests/demo --ignore=tests/journeys

help: ## Show this list.
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

setup: ## Make .venv with the packages of requirements.lock.
	@sh scripts/setup.sh

demo: setup ## Run the demo publication on http://localhost:8000.
	@$(bin)/broadsheet demo

check: setup ## Format, lint, types, layers and documents: everything that is judged without running the site.
	@sh scripts/check.sh

test: setup ## Install what the tests need, then check, then every test on SQLite, then those of the database on PostgreSQL.
	@sh scripts/test_tools.sh
	@sh scripts/check.sh
	$(bin)/pytest -n $(workers) --dist worksteal --durations 20 -m "not soak"
	sh scripts/with_postgresql.sh $(bin)/pytest -n $(workers) --dist worksteal --durations 20 -m "not soak and not browser and not pure" $(elsewhere)

format: setup ## Put the code into the house's format.
	@$(bin)/ruff format .
	@$(bin)/ruff check --fix --quiet .

bench: setup ## Measure, as ratios within one run; prints a table and writes bench/results.json.
	@UV_SYSTEM_CERTS=true $(bin)/uv pip install --quiet --python $(bin)/python --require-hashes -r bench/requirements.lock
	@$(bin)/python bench/run.py

soak: setup ## The long tests: load, endurance, many readers at once; on PostgreSQL also the pages that `test` asks on SQLite alone.
	@sh scripts/test_tools.sh
	sh scripts/with_postgresql.sh $(bin)/pytest -n $(workers) --dist worksteal -m "not soak and not browser and not pure" tests/web tests/desk tests/demo tests/journeys
	$(bin)/pytest -n 0 -m soak

lock: setup ## Renew requirements.lock from pyproject.toml.
	@UV_SYSTEM_CERTS=true $(bin)/uv pip compile --quiet --universal --generate-hashes --no-header --group dev pyproject.toml -o requirements.lock
	@UV_SYSTEM_CERTS=true $(bin)/uv pip compile --quiet --universal --generate-hashes --no-header --group bench -o bench/requirements.lock
