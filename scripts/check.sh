#!/bin/sh
# Judges the tree without running the site; stops at the first tool that finds something.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin
mkdir -p .cache

say() { printf '%s\n' "check: $*"; }

say format && $bin/ruff format --check --quiet .
say lint && $bin/ruff check --quiet .
say layers && { $bin/lint-imports --no-logo --cache-dir .cache/layers >.cache/layers.txt 2>&1 || { cat .cache/layers.txt; exit 1; }; }
say security && $bin/bandit --quiet --severity-level medium --configfile pyproject.toml --recursive src scripts # ruff sees the rest
say types && $bin/mypy
say migrations && BROADSHEET_DATA_DIR=.cache/check $bin/broadsheet makemigrations --check --dry-run
