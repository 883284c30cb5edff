#!/usr/bin/env bash
# Fuzzes every reader of foreign bytes and writes what came of it to docs/proofs/fuzz.json and docs/proofs/fuzz.md.
#
#   ONLY=events,idx   some targets instead of all
#   SECONDS=600       how long each of them runs on JOBS whole cores (also as FUZZ_SECONDS: bash counts in SECONDS itself)
#   JOBS=2            how many processes work at one target
set -euo pipefail
cd "$(dirname "$0")/.."
: "${CARGO:=cargo}"
command -v rustup >/dev/null && rustup toolchain list | grep -q '^nightly' \
	|| { echo "error: fuzzing needs a nightly compiler: rustup toolchain install nightly" >&2; exit 1; }
command -v cargo-fuzz >/dev/null || "$CARGO" install --locked cargo-fuzz
"$CARGO" +nightly fuzz build
exec python3 scripts/fuzz.py --seconds "${FUZZ_SECONDS:-600}" --jobs "${JOBS:-2}" --only "${ONLY:-}"
