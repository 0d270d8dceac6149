#!/bin/sh
# adopt.sh show VERSION DATA: say what the database of this machine alone was made with, or why it cannot become one of three.
# adopt.sh adopt VERSION FOLDER DATA SECRETS SETTINGS: stop it, give its files to Patroni, and start that. An interrupted run is given again.
set -eu
version="$2"
alone="/var/lib/postgresql/$version/main"
settings="/etc/postgresql/$version/main"
unit="postgresql@$version-main"

query() {
  psql --no-psqlrc --pset pager=off --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --host /var/run/postgresql --username postgres --dbname postgres "$@"
}

refuse() {
  echo "$1" >&2
  exit 1
}

show() {
  [ -d "$alone" ] || exit 0
  [ -z "$(ls -A "$3" 2>/dev/null)" ] || refuse "$3 holds files of another database, of a time when this machine was one of three: save them and remove them."
  [ ! -L "$alone" ] && [ ! -L "$alone/pg_wal" ] || refuse "$alone or its pg_wal is a link to another place, which Patroni may not write: mount that at /var/lib/postgresql."
  mountpoint --quiet "$alone" && refuse "$alone is a disk of its own: mount it at /var/lib/postgresql, so that its folder can be renamed."
  systemctl start "$unit"
  [ "$(query --command 'SHOW data_directory')" = "$alone" ] || refuse "The files of PostgreSQL are not in $alone: bring them there."
  [ "$(query --command 'SELECT count(*) FROM pg_tablespace')" = 2 ] || refuse "PostgreSQL has tablespaces, whose folders the other machines lack: drop them."
  query --command "SELECT datcollate FROM pg_database UNION SELECT datctype FROM pg_database UNION
    SELECT setting FROM pg_settings WHERE name IN ('lc_messages', 'lc_monetary', 'lc_numeric', 'lc_time') AND setting <> ''"
}

# The superuser's password and the account by which the others copy; neither reaches the log.
make_accounts() {
  query <<END
SET log_statement = none;
SET log_min_error_statement = panic;
SET log_min_duration_statement = -1;
SET log_min_duration_sample = -1;
SET log_transaction_sample_rate = 0;
\\set superuser \`cat '$1/patroni_superuser_password'\`
\\set replication \`cat '$1/patroni_replication_password'\`
ALTER ROLE postgres PASSWORD :'superuser';
SELECT 'CREATE ROLE udi_replication' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'udi_replication') \\gexec
ALTER ROLE udi_replication LOGIN REPLICATION PASSWORD :'replication';
END
}

# What Debian keeps apart, and what Patroni or the play sets for the three, is left out; what somebody tuned stays.
write_settings() {
  cat "$settings/postgresql.conf" "$settings"/conf.d/*.conf | grep --invert-match --extended-regexp \
    "^ *(#|$|data_directory|hba_file|ident_file|external_pid_file|include|cluster_name|port|listen_addresses|unix_socket|ssl|archive_)" \
    >"$alone/.postgresql.conf.partial"
  chown postgres: "$alone/.postgresql.conf.partial"
  mv "$alone/.postgresql.conf.partial" "$alone/postgresql.conf"
}

agree_on_settings() {
  export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=https://127.0.0.1:2379
  export ETCDCTL_CACERT="$1/machines.crt" ETCDCTL_CERT="$1/machine.crt" ETCDCTL_KEY="$1/machine.key"
  [ -n "$(etcdctl get --keys-only /udi/udi/config)" ] || printf %s "$2" | etcdctl put /udi/udi/config >/dev/null
}

adopt() {
  agree_on_settings "$3" "$6"
  systemctl daemon-reload
  if [ -d "$alone" ]; then
    make_accounts "$5"
    write_settings
    query --command CHECKPOINT
    systemctl disable --quiet --now "$unit"
    mv --no-target-directory "$alone" "$4"
  fi
  mv "$settings" "$3/postgresql-of-one-machine"
  rm -rf "/etc/systemd/system/$unit.service.d"
  systemctl start udi-patroni
}

"$1" "$@"
