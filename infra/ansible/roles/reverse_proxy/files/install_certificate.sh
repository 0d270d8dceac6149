#!/bin/sh
# Run by certbot after it received or renewed the certificate of a site (udi-<site>), or one of all names together (udi).
set -eu
umask 077
tls="${UDI_TLS:-/etc/udi/tls}"
name="$(basename "$RENEWED_LINEAGE")"
case "$name" in
  udi-*) folder="$tls/sites/${name#udi-}" ;;
  *) folder="$tls" ;;
esac
[ -d "$folder" ] || exit 0
install -m 0600 "$RENEWED_LINEAGE/privkey.pem" "$folder/key.pem"
install -m 0644 "$RENEWED_LINEAGE/fullchain.pem" "$folder/certificate.pem"
systemctl reload nginx
