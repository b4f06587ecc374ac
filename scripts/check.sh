#!/bin/sh
# Judges the tree without running the site; stops at the first tool that finds something.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

say() { printf '%s\n' "check: $*"; }

say format && $bin/ruff format --check --quiet .
say lint && $bin/ruff check --quiet .
say layers && $bin/lint-imports --no-timing --no-logo 2>/dev/null >.cache/layers.txt || { cat .cache/layers.txt; exit 1; }
say security && $bin/bandit --quiet --configfile pyproject.toml --recursive src scripts bench
say types && $bin/mypy
say migrations && BROADSHEET_DATA_DIR=.cache/check $bin/broadsheet makemigrations --check --dry-run >/dev/null
