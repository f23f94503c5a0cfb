#!/usr/bin/env bash
# The handbook's daily health check with its faults mended, as an engineer writes it who has kubectl, curl and jq: sums over all series,
# encoded queries, and no number where there is none.
# Usage: daily-health-check.sh KUBECTL PROMETHEUS
set -euo pipefail
kubectl=$1 prometheus=$2 namespace=photon-mlir

query() { curl -fsS --get "$prometheus/api/v1/query" --data-urlencode "query=$1"; }
number() { query "$1" | jq -r '.data.result[0].value[1] // "no data"'; }

echo "Service status:"
"$kubectl" get pods -n "$namespace" -o wide

echo "Compilations of the last 24 hours:"
total=$(number 'sum(increase(photon_compilations_total[24h]))')
errors=$(number 'sum(increase(photon_compilations_total{status="error"}[24h]))')
echo "Total: $total"
echo "Errors: $errors"
jq -rn --arg total "$total" --arg errors "$errors" '
  if $total == "no data" or $errors == "no data" or ($total | tonumber) == 0 then "Error rate: no data"
  else "Error rate: \(($errors | tonumber) / ($total | tonumber) * 100)%" end'

echo "Devices:"
query photon_device_status | jq -r '.data.result[] | "\(.metric.device_id): \(.value[1])"'

echo "Resource usage:"
"$kubectl" top pods -n "$namespace" --no-headers | awk '{print $1 ": CPU=" $2 " Memory=" $3}'

echo "Storage usage:"
"$kubectl" exec -n "$namespace" deployment/photon-compiler -- df -h
