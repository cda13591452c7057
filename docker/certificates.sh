#!/bin/bash
# certificates.sh NODE...: makes in /certificates what is not there yet, and gives it to the user that nodes run as.
set -euo pipefail
for node in "$@"; do
  [[ -f "/certificates/$node.crt" ]] \
    || dotnet exec /opt/iterative-dpo/src/Host/bin/Release/net10.0/dpo.dll certificates --out /certificates --node "$node" --host "$node"
done
chown 10001 /certificates/*.crt /certificates/*.key
chown root /certificates/ca.key
