#!/usr/bin/env bash
# Proves that the front end does not link libtorch, and the engine no screen.
set -euo pipefail
cd "$(dirname "$0")/.."

must_not_depend() {
  if output=$(cargo tree --locked -p "$1" -i "$2" 2>&1); then
    echo "error: $1 depends on $2:" >&2
    echo "$output" >&2
    exit 1
  fi
  case "$output" in
    *"did not match any packages"*) ;;
    *) echo "error: cargo tree -p $1 -i $2 failed in another way: $output" >&2; exit 1 ;;
  esac
}

must_not_depend curricle tch
must_not_depend curricle-core tch
must_not_depend curricle-engine ratatui

needed=$(readelf -d target/release/curricle | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
if echo "$needed" | grep -Eq 'torch|c10|gomp|cud|stdc\+\+'; then
  echo "error: target/release/curricle needs:" $needed >&2
  exit 1
fi
echo "front end needs only:" $needed

# And it starts where no libtorch can be found at all.
empty=$(mktemp -d)
trap 'rm -rf "$empty"' EXIT
cp target/release/curricle "$empty/"
"$empty/curricle" --help >/dev/null
"$empty/curricle" --runs "$empty/runs" runs list >/dev/null
