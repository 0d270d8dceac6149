#!/bin/sh
# udi-certificates prepare|request : a certificate for each site of /etc/udi/tls/sites/list, a line each: its folder, then its host names.
# «prepare» gives a site without one a stand-in of the machine's own authority, so that nginx starts; «request» asks the ACME
# authority for those that are missing, have other names or end within 30 days. One that is refused is named (FAILED) and keeps
# nobody else from theirs. Prints CHANGED for each that it wrote.
set -eu
umask 077
tls="${UDI_TLS:-/etc/udi/tls}"
# The outgoing proxy, which sudo takes out of the environment.
if [ -r "$tls/acme_environment" ]; then
  set -a
  # shellcheck source=/dev/null
  . "$tls/acme_environment"
  set +a
fi
# Debian's certbot believes authorities of its own package alone, unless it is told of the machine's.
export REQUESTS_CA_BUNDLE="${REQUESTS_CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}"
live="${UDI_LIVE:-/etc/letsencrypt/live}"
sites="$tls/sites"
list="$sites/list"

# Whether a certificate is for all these names, and for 30 days still.
serves() {
  certificate="$1"
  shift
  [ -s "$certificate" ] || return 1
  openssl x509 -in "$certificate" -checkend 2592000 -noout >/dev/null || return 1
  for host in "$@"; do
    openssl x509 -in "$certificate" -checkhost "$host" -noout | grep -q 'does match' || return 1
  done
}

stand_in() {
  folder="$1"
  shift
  names="$(printf 'DNS:%s,' "$@")"
  openssl ecparam -name prime256v1 -genkey -noout -out "$folder/.key.pem"
  openssl req -new -key "$folder/.key.pem" -subj '/CN=until a certificate is received' -out "$folder/.request.pem"
  printf 'subjectAltName=critical,%s\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\n' "${names%,}" >"$folder/.extensions"
  # Where all certificates are the operator's, the machine has no authority: this one signs itself.
  if [ -s "$tls/authority.key" ]; then
    openssl x509 -req -in "$folder/.request.pem" -CA "$tls/authority.pem" -CAkey "$tls/authority.key" -CAcreateserial -days 397 -sha256 \
      -extfile "$folder/.extensions" -out "$folder/.certificate.pem" 2>/dev/null
    cat "$tls/authority.pem" >>"$folder/.certificate.pem"
  else
    openssl x509 -req -in "$folder/.request.pem" -signkey "$folder/.key.pem" -days 397 -sha256 \
      -extfile "$folder/.extensions" -out "$folder/.certificate.pem" 2>/dev/null
  fi
  mv "$folder/.key.pem" "$folder/key.pem"
  mv "$folder/.certificate.pem" "$folder/certificate.pem"
  rm -f "$folder/.request.pem" "$folder/.extensions"
}

prepare() {
  while read -r site hosts; do
    folder="$sites/$site"
    [ -s "$folder/certificate.pem" ] && continue
    mkdir -p "$folder"
    # The certificate that earlier releases asked for all names together.
    # shellcheck disable=SC2086 - host names
    if serves "$live/udi/fullchain.pem" $hosts; then
      install -m 0600 "$live/udi/privkey.pem" "$folder/key.pem"
      install -m 0644 "$live/udi/fullchain.pem" "$folder/certificate.pem"
    else
      stand_in "$folder" $hosts
    fi
    echo "CHANGED $site"
  done <"$list"
  forget
}

# What is not asked for any more: the certificate of a territory that is gone, or that brings its own. Its renewal would fail for ever.
forget() {
  command -v certbot >/dev/null || return 0
  for lineage in "$live"/udi-installation "$live"/udi-territory-*; do
    site="${lineage##*/udi-}"
    if [ ! -d "$lineage" ] || cut -d ' ' -f 1 "$list" | grep -qxF -e "$site"; then
      continue
    fi
    # Tried again by the next play, where certbot is at work now.
    if certbot delete --non-interactive --cert-name "udi-$site" >/dev/null 2>&1 </dev/null; then
      echo "CHANGED $site is not asked for any more"
    fi
  done
}

request() {
  failed=no
  while read -r site hosts; do
    folder="$sites/$site"
    certificate="$live/udi-$site/fullchain.pem"
    # shellcheck disable=SC2086 - host names
    if [ "$hosts" = "$(cat "$folder/received" 2>/dev/null)" ] && serves "$certificate" $hosts && cmp -s "$certificate" "$folder/certificate.pem"; then
      continue
    fi
    # shellcheck disable=SC2046 - an argument for each host name
    if answer="$(certbot certonly --non-interactive --agree-tos --keep-until-expiring --renew-with-new-domains --cert-name="udi-$site" \
      --webroot --webroot-path=/var/www/acme --deploy-hook=/usr/local/sbin/udi-install-certificate \
      --email="$(cat "$tls/acme_contact")" --server="$(cat "$tls/acme_directory")" \
      $(printf -- '--domain=%s ' $hosts) 2>&1 </dev/null)"; then
      install -m 0600 "$live/udi-$site/privkey.pem" "$folder/key.pem"
      install -m 0644 "$certificate" "$folder/certificate.pem"
      echo "$hosts" >"$folder/received"
      echo "CHANGED $site"
    else
      failed=yes
      printf 'FAILED %s (%s): %s\n' "$site" "$hosts" "$(printf '%s' "$answer" | tail -n 12 | tr -s '\n ' ' ')"
    fi
  done <"$list"
  systemctl reload nginx
  # The certificate of all names together is not renewed any more.
  if [ "$failed" = no ] && [ -d "$live/udi" ]; then
    certbot delete --non-interactive --cert-name udi >/dev/null 2>&1 </dev/null
  fi
}

case "${1:-}" in
  prepare | request) "$1" ;;
  *)
    echo "usage: udi-certificates prepare|request" >&2
    exit 2
    ;;
esac
