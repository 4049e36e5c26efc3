#!/bin/sh
# Any CI, or a terminal: `check.sh manifests` prints what Podsplit finds in a folder, with a patch.
# PODSPLIT_URL names the service, PODSPLIT_TOKEN its token if it wants one, FAIL_ON the least severity that fails (warning).
# Ends with 0 if nothing is wrong, 1 if something is, 2 if the service couldn't say.
set -eu

folder=${1:?usage: check.sh FOLDER}
url=${PODSPLIT_URL:?PODSPLIT_URL must name the service}/v1/rewrite
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find "$folder" -type f \( -name '*.yaml' -o -name '*.yml' -o -name '*.json' \) | tar -czf "$work/manifests.tar.gz" -T -

status=$(curl --silent --show-error --retry 3 --max-time 120 --data-binary @"$work/manifests.tar.gz" \
    --header "Authorization: Bearer ${PODSPLIT_TOKEN:-}" --dump-header "$work/headers" --output "$work/report" --write-out '%{http_code}' \
    "$url?format=markdown&fail_on=${FAIL_ON:-warning}") || exit 2

cat "$work/report"
[ "$status" = 200 ] && exit 0
# A report that fails has the gate's header; anything else is an error.
grep -qi '^podsplit-gate: failed' "$work/headers" && exit 1
exit 2
