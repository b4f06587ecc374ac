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
# Certificates come from the system, as pip takes them: an institution's own authority is known there only.
export UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true PIP_DISABLE_PIP_VERSION_CHECK=1
with_uv() {
    .venv/bin/python -m pip install --quiet "uv>=0.9" &&
        .venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
}
if ! with_uv; then
    echo "uv could not do it; pip takes a minute longer."
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    .venv/bin/python -m pip install --quiet --require-hashes -r requirements.lock
fi
# The sync took away pip and uv themselves, which are no part of the lock.
.venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
.venv/bin/python -m pip install --quiet "uv>=0.9"
.venv/bin/python -m pip install --quiet --no-deps --editable .
cp requirements.lock "$stamp"
