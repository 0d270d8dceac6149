#!/bin/sh
# own_certificate.sh FOLDER ADDRESS ACCOUNT: a key that stays here and that the account reads, and the certificate by
# which the other machines know this one.
set -eu
umask 077
cd "$1"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$2" \
  -addext "subjectAltName=DNS:machine.udi.internal,IP:$2,IP:127.0.0.1" -addext "extendedKeyUsage=serverAuth,clientAuth" \
  -keyout .key.partial -out .crt.partial 2>/dev/null
chown "$3": .key.partial
chmod 0644 .crt.partial
mv .key.partial machine.key
mv .crt.partial machine.crt
