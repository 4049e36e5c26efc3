#!/bin/sh
# Any CI, or a terminal: `check.sh manifests` prints what Podsplit finds in a folder, with a patch.
# PODSPLIT_URL names the service, PODSPLIT_TOKEN its token if it wants one, FAIL_ON the least severity that fails (warning).
# Ends with 0 if nothing is wrong, 1 if something is, 2 if the service couldn't say.
set -eu

folder=${1:?usage: check.sh FOLDER}
[ -d "$folder" ] || { echo "there is no folder $folder" >&2; exit 2; }
url=${PODSPLIT_URL:?PODSPLIT_URL must name the service}/v1/rewrite
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find "$folder" -type f \( -name '*.yaml' -o -name '*.yml' -o -name '*.json' \) | tar -czf "$work/manifests.tar.gz" -T -

status=$(curl --silent --show-error --retry 3 --max-time 120 --data-binary @"$work/manifests.tar.gz" \
    --header "Authorization: Bearer ${PODSPLIT_TOKEN:-}" --dump-header "$work/headers" --output "$work/report" --write-out '%{http_code}' \
    "$url?format=markdown&fail_on=${FAIL_ON:-warning}") || exit 2

# The report quotes what was sent, and a CI system would run some lines of a log: GitHub's `::command`, and the `##vso[`, `##[` and
# `##teamcity[` of others.
if [ "${GITHUB_ACTIONS:-}" = true ]; then
    token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    echo "::stop-commands::$token"
fi
sed -e 's/##\[/# #[/g' -e 's/##vso\[/# #vso[/g' -e 's/##teamcity\[/# #teamcity[/g' "$work/report"
if [ "${GITHUB_ACTIONS:-}" = true ]; then
    echo
    echo "::$token::"
fi
[ "$status" = 200 ] && exit 0
# A report that fails has the gate's header; anything else is an error, and so is a folder without manifests (`nothing-read`).
grep -q '"code": "nothing-read"' "$work/report" && exit 2
grep -qi '^podsplit-gate: failed' "$work/headers" && exit 1
exit 2
