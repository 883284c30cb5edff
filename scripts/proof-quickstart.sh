#!/usr/bin/env bash
# Trains `quickstart` on three seeds: each under three minutes on two cores, each to a test accuracy of at least 0.85.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=$(mktemp -d)
trap 'rm -rf "$runs"' EXIT
for seed in 0 1 2; do
  began=$SECONDS
  summary=$(target/release/curricle --runs "$runs" run quickstart --seed "$seed" --json --quiet </dev/null | tail -n 1)
  seconds=$((SECONDS - began))
  echo "$summary" | python3 -c '
import json, sys
seed, seconds = int(sys.argv[1]), int(sys.argv[2])
summary = json.load(sys.stdin)
accuracy = summary["accuracy"]
print(f"quickstart, seed {seed}: test accuracy {accuracy:.4f} in {seconds} s")
assert summary["state"] == "done", summary
assert accuracy >= 0.85, "below 0.85"
assert seconds < 180, "longer than three minutes"
' "$seed" "$seconds"
done
