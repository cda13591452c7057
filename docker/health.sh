#!/bin/bash
# Whether the node of this container is in its cluster, by its health port; an image need not have curl for that.
set -euo pipefail
exec 3<> "/dev/tcp/${DPO_NODE_BIND:-127.0.0.1}/${DPO_NODE_HEALTH:-8422}"
printf 'GET /health/ready HTTP/1.0\r\n\r\n' >&3
read -r _ status _ <&3
[[ "$status" == 200 ]]
