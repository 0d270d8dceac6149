#!/bin/sh
# forget_cluster.sh FOLDER: have etcd forget who led and which database it was; the settings of the cluster stay.
set -eu
export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=https://127.0.0.1:2379
export ETCDCTL_CACERT="$1/machines.crt" ETCDCTL_CERT="$1/machine.crt" ETCDCTL_KEY="$1/machine.key"
keys=$(etcdctl get --prefix --keys-only /udi/udi/)
for key in $keys; do
  [ "$key" = /udi/udi/config ] || etcdctl del "$key" >/dev/null
done
