#!/bin/sh
# Runs a command beside a PostgreSQL of its own: with_postgresql.sh COMMAND [ARGUMENT...]
#
# The server lives in a temporary directory, listens on a unix socket only, keeps nothing safe from a power cut (unless
# POSTGRESQL_SETTINGS, given and empty, leaves its settings alone), and is stopped and deleted when the command ends, however
# it ends. The command finds it by BROADSHEET_DATABASE_URL.
set -eu
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)") || { echo "PostgreSQL is missing; run scripts/test_tools.sh." >&2; exit 1; }

# PostgreSQL refuses to run as root, so there an account without rights runs it.
as_server=""
if [ "$(id -u)" -eq 0 ]; then
    account=postgres
    id "$account" >/dev/null 2>&1 || account=nobody
    as_server="setpriv --reuid=$account --regid=$(id -g "$account") --clear-groups"
fi

place=$(mktemp -d /tmp/broadsheet-pg.XXXXXX)
[ -z "$as_server" ] || chown "$account" "$place"
stop() {
    trap - EXIT INT TERM HUP
    [ ! -f "$place/tables/postmaster.pid" ] || (cd / && $as_server "$bin/pg_ctl" --pgdata="$place/tables" --mode=immediate --silent stop) || true
    rm -rf "$place"
}
trap stop EXIT
trap 'stop; exit 130' INT TERM HUP

export LC_ALL=C.UTF-8
(
    cd /
    $as_server "$bin/initdb" --pgdata="$place/tables" --username=broadsheet --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
    $as_server "$bin/pg_ctl" --pgdata="$place/tables" --log="$place/server.log" --wait --silent start --options="-c listen_addresses='' \
        -c unix_socket_directories='$place' ${POSTGRESQL_SETTINGS--c fsync=off -c synchronous_commit=off -c full_page_writes=off} \
        -c max_connections=200" >/dev/null
) || { cat "$place/server.log" >&2 2>/dev/null; exit 1; }

socket=$(printf '%s' "$place" | sed 's|/|%2F|g')
status=0
BROADSHEET_DATABASE_URL="postgres://broadsheet@$socket/postgres" "$@" || status=$?
exit "$status"
