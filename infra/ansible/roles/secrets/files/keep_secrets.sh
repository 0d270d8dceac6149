#!/bin/sh
# keep_secrets.sh FOLDER keep|remove : makes the folder hold what the lines of its input say, a name and a content in base64 each;
# keeps or removes others. Prints CHANGED, and never what it read.
set -eu
umask 077
cd "$1"
others="$2"
given=" "
while read -r name content; do
  [ -n "$name" ] || continue
  given="$given$name "
  printf '%s' "$content" | base64 --decode >".$name.partial"
  if cmp --silent ".$name.partial" "$name"; then
    rm ".$name.partial"
  else
    mv ".$name.partial" "$name"
    echo CHANGED
  fi
done
[ "$others" = remove ] || exit 0
for name in *; do
  case "$given" in *" $name "*) continue ;; esac
  [ -f "$name" ] || continue
  rm "$name"
  echo CHANGED
done
