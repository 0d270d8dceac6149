#!/bin/sh
# Makes the PostgreSQL role that reads statistics through the socket; prints CHANGED. A machine that follows has it already.
set -eu
ask() { psql --no-psqlrc -h /run/postgresql -U postgres -d postgres -v ON_ERROR_STOP=1 -qtAc "$1"; }
[ "$(ask 'SELECT pg_is_in_recovery()')" = f ] || exit 0
[ "$(ask "SELECT pg_has_role(oid, 'pg_monitor', 'member') FROM pg_roles WHERE rolname = 'prometheus'")" = t ] && exit 0
[ -n "$(ask "SELECT 1 FROM pg_roles WHERE rolname = 'prometheus'")" ] || ask 'CREATE ROLE prometheus LOGIN CONNECTION LIMIT 3'
ask 'GRANT pg_monitor TO prometheus'
echo CHANGED
