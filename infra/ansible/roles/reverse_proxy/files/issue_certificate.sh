#!/bin/sh
# issue_certificate.sh [--once] FOLDER NAME... : a certificate of our own authority for exactly these names.
# Prints CHANGED when it issued one: at first, when a name was added or taken away, or 30 days before the end.
set -eu
umask 077
once=no
if [ "$1" = --once ]; then once=yes; shift; fi
cd "$1"
shift
if [ ! -s authority.pem ]; then
  openssl ecparam -name prime256v1 -genkey -noout -out authority.key
  openssl req -x509 -new -key authority.key -sha256 -days 3650 -subj "/CN=Authority of $1" -out authority.pem \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
fi
if [ -s certificate.pem ]; then
  [ "$once" = yes ] && exit 0
  if [ "$*" = "$(cat names 2>/dev/null)" ] && openssl x509 -in certificate.pem -checkend 2592000 -noout >/dev/null; then
    exit 0
  fi
fi
names="$(printf 'DNS:%s,' "$@")"
openssl ecparam -name prime256v1 -genkey -noout -out .key.pem
openssl req -new -key .key.pem -subj / -out .request.pem
printf 'subjectAltName=critical,%s\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n' "${names%,}" >.extensions
openssl x509 -req -in .request.pem -CA authority.pem -CAkey authority.key -CAcreateserial -days 397 -sha256 \
  -extfile .extensions -out .certificate.pem 2>/dev/null
cat authority.pem >>.certificate.pem
mv .key.pem key.pem
mv .certificate.pem certificate.pem
rm -f .request.pem .extensions
echo "$*" >names
echo CHANGED
