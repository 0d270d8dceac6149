#!/bin/sh
# tell_secrets.sh FOLDER : a line for each secret, its name and its content in base64.
set -eu
cd "$1"
for name in *; do
  [ -f "$name" ] || continue
  printf '%s ' "$name"
  base64 --wrap 0 "$name"
  echo
done
