#!/bin/sh
# udi-rolling-restart PATH UNIT:PORT... : restart each unit once the one before answers at PATH, so that one always does.
set -eu
path="$1"
shift
systemctl daemon-reload
for pair in "$@"; do
  systemctl restart "${pair%%:*}"
  tries=0
  until curl --silent --fail --output /dev/null --max-time 5 "http://127.0.0.1:${pair##*:}$path"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 480 ]; then
      echo "${pair%%:*} does not answer: journalctl -u ${pair%%:*}" >&2
      exit 1
    fi
    sleep 0.25
  done
  sleep 0.5
done
