#!/bin/sh
# udi-rolling-restart PATH UNIT:[ADDRESS:]PORT... : restart each unit once the one before answers at PATH, so that one always does.
# One run at a time on a machine; the rest lets proxies of other machines see that the unit is back.
set -eu
exec 9<"$0"
flock 9
path="$1"
shift
systemctl daemon-reload
for pair in "$@"; do
  unit="${pair%%:*}"
  place="${pair#*:}"
  rest=2.5
  case "$place" in
    *:*) ;;
    *) place="127.0.0.1:$place" rest=0.5 ;;
  esac
  systemctl restart "$unit"
  tries=0
  until curl --silent --fail --output /dev/null --max-time 5 --header "Host: localhost" "http://$place$path"; do
    tries=$((tries + 1))
    if [ "$tries" -gt 480 ]; then
      echo "$unit does not answer: journalctl -u $unit" >&2
      exit 1
    fi
    sleep 0.25
  done
  sleep "$rest"
done
