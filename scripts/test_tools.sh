#!/bin/sh
# Installs what the tests need beside Python packages: a browser, PostgreSQL, nginx, age, Java and the HTML checker.
# Does nothing when all of it is there.
set -eu
cd "$(dirname "$0")/.."
vnu_version=26.9.27

need() { # need COMMAND PACKAGE: remember PACKAGE when COMMAND is missing
    command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}

missing=""
need chromium chromium
need java default-jre-headless
need npm npm
need age age
[ -x /usr/sbin/nginx ] || need nginx nginx # an ordinary user's PATH may lack sbin
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || missing="$missing postgresql"

if [ -n "$missing" ]; then
    command -v apt-get >/dev/null 2>&1 || { echo "The tests need$missing; install them (there is no apt-get here) and run this again." >&2; exit 1; }
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || { echo "The tests need$missing; as root run: apt-get install$missing" >&2; exit 1; }
        as_root=sudo
    fi
    echo "Installing$missing"
    # Debian starts a server that it installs; the tests start their own, and ports such as 80 stay free.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap '$as_root rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
        $as_root chmod 755 "$policy"
    fi
    $as_root apt-get -o DPkg::Lock::Timeout=500 -qq update
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=500 -qq install -y --no-install-recommends $missing >/dev/null
    case "$missing" in *nginx*) if [ -d /run/systemd/system ]; then $as_root systemctl disable --quiet nginx; fi ;; esac
fi

if [ ! -f .tools/node_modules/vnu-jar/package.json ] || ! grep -q "\"version\": \"$vnu_version\"" .tools/node_modules/vnu-jar/package.json; then
    mkdir -p .tools
    # Node trusts the system's certificates only when told to.
    system_certificates=/etc/ssl/certs/ca-certificates.crt
    [ -n "${NODE_EXTRA_CA_CERTS:-}" ] || [ ! -f "$system_certificates" ] || export NODE_EXTRA_CA_CERTS="$system_certificates"
    npm install --silent --no-audit --no-fund --no-save --prefix .tools "vnu-jar@$vnu_version"
fi
