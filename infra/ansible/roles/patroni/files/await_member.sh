#!/bin/sh
# await_member.sh FOLDER API: wait until this machine of the database leads or follows, for as long as it copies the one that leads.
set -eu
tries=0
until curl --silent --fail --output /dev/null --max-time 5 --cacert "$1/machines.crt" "$2/health"; do
  state=$(curl --silent --max-time 5 --cacert "$1/machines.crt" "$2/patroni" || true)
  case "$state" in *'"creating replica"'*) tries=0 ;; esac
  tries=$((tries + 1))
  if [ "$tries" -gt 120 ]; then
    echo "PostgreSQL does not come up: journalctl -u udi-patroni" >&2
    exit 1
  fi
  sleep 1
done
