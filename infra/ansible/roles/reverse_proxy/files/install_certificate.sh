#!/bin/sh
# Run by certbot after it received or renewed the certificate.
set -eu
umask 077
install -m 0644 "$RENEWED_LINEAGE/fullchain.pem" /etc/udi/tls/certificate.pem
install -m 0600 "$RENEWED_LINEAGE/privkey.pem" /etc/udi/tls/key.pem
systemctl reload nginx
