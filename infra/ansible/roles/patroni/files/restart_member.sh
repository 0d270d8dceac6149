#!/bin/sh
# restart_member.sh FOLDER API: restart this machine of the database and wait until it leads or follows, so that the next may go.
set -eu
systemctl daemon-reload
systemctl restart udi-patroni
tries=0
until curl --silent --fail --output /dev/null --max-time 5 --cacert "$1/machines.crt" "$2/health"; do
  tries=$((tries + 1))
  if [ "$tries" -gt 120 ]; then
    echo "PostgreSQL does not come back: journalctl -u udi-patroni" >&2
    exit 1
  fi
  sleep 1
done
sleep 5
