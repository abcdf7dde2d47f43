#!/bin/sh
# The last week of a log against the week before; without a file it would be the store. Exit code 1: a regression.
cd "$(dirname "$0")/../.." || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
node bin/llmcost.js check fixtures/logs/knowledge-base.jsonl --db "$work/store.db" --quiet \
  --since 7d --baseline 14d..7d --max-increase 25% "$@"
