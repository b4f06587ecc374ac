#!/bin/sh
# Makes .venv with exactly the packages of requirements.lock; does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/.lock-installed
is_up_to_date() { [ -x .venv/bin/broadsheet ] && [ -f "$stamp" ] && cmp -s requirements.lock "$stamp"; }
if is_up_to_date; then exit 0; fi

python=""
for candidate in python3.11 python3.12 python3.13 python3.14 python3; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || { echo "Broadsheet needs Python 3.11 or newer; install it and run this again." >&2; exit 1; }
"$python" -c 'import ensurepip, venv' 2>/dev/null || {
    echo "$python cannot make virtual environments; on Debian and Ubuntu install python3-venv and run this again." >&2
    exit 1
}

# Two commands started at once must not build the same environment: the second waits, then finds it done.
mkdir -p .cache
if command -v flock >/dev/null 2>&1; then
    exec 9>.cache/setup.lock
    flock 9
    if is_up_to_date; then exit 0; fi
fi

echo "Installing the packages of requirements.lock into .venv"
[ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null || { rm -rf .venv && "$python" -m venv .venv; }
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
export UV_PYTHON_DOWNLOADS=never PIP_DISABLE_PIP_VERSION_CHECK=1
if .venv/bin/python -m pip install --quiet "uv>=0.9" 2>/dev/null; then
    .venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
    # The sync took away uv and pip themselves, which are no part of the lock.
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    .venv/bin/python -m pip install --quiet "uv>=0.9" "setuptools>=75"
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --editable .
else
    .venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock
    .venv/bin/python -m pip install --quiet --no-deps --editable .
fi
cp requirements.lock "$stamp"
