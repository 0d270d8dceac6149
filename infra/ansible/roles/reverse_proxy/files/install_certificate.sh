#!/bin/sh
# Run by certbot after it received or renewed the certificate of a site (udi-<site>), or one of all names together (udi).
# A site that is not in the list of those asked for keeps what it has: the operator gave it.
set -eu
umask 077
tls="${UDI_TLS:-/etc/udi/tls}"
name="$(basename "$RENEWED_LINEAGE")"
case "$name" in
  udi-*)
    site="${name#udi-}"
    folder="$tls/sites/$site"
    ;;
  *)
    site=installation
    folder="$tls"
    ;;
esac
cut -d ' ' -f 1 "$tls/sites/list" | grep -qxF -e "$site" || exit 0
[ -d "$folder" ] || exit 0
install -m 0600 "$RENEWED_LINEAGE/privkey.pem" "$folder/key.pem"
install -m 0644 "$RENEWED_LINEAGE/fullchain.pem" "$folder/certificate.pem"
systemctl reload nginx
