#!/bin/sh
# A policy of a branch against that of main, both simulated on the same log; the exit code is 1 on a regression.
cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
for side in main branch; do
  node bin/llmcost.js simulate fixtures/logs/support-copilot.jsonl --db "$work/store.db" --quiet --since 7d \
    --policy "examples/check/policy/$side.yaml" --format json >"$work/$side.json" || exit 2
done
node bin/llmcost.js check "$work/branch.json" --baseline "$work/main.json" \
  --policy examples/check/policy/branch.yaml "$@"
