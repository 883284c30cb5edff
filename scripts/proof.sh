#!/usr/bin/env bash
# The long proofs, each by its name; without a name all of them, the shortest first.
#
#   scripts/proof.sh [NAME]
#
# `kill`, `kill-ordered` and `kill-study` go on where they were interrupted: their tallies are docs/proofs/kill*.json.
set -euo pipefail
cd "$(dirname "$0")/.."
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"

engine_test() { # test, then arguments of the test program
    local test=$1
    shift
    cargo test --release --locked --workspace --test "$test" -- --nocapture "$@"
}

parity() { make --no-print-directory parity; }
glyphs() { engine_test glyphs_difficulty --ignored; }
quickstart() { bash scripts/proof-quickstart.sh; }
screen() { python3 scripts/proof-screen.py; }
resume() { CURRICLE_PROOF=1 engine_test resume_table; }
faults() { CURRICLE_PROOF=1 engine_test faults --include-ignored; }
cifar() { engine_test cifar_kills --ignored; }
saves() { engine_test save_cost --ignored; }
bf16() { engine_test bf16_quality --ignored; }
kill() { engine_test kills --ignored ten_thousand; }
kill-ordered() { engine_test kills --ignored ordered; }
kill-study() { engine_test kills --ignored study; }

all="screen quickstart glyphs faults resume parity saves bf16 cifar kill-ordered kill-study kill"
chosen="${1:-$all}"
for name in $chosen; do
    case " $all " in
        *" $name "*) ;;
        *) echo "proof.sh: there is no proof \`$name\`; there are: $all" >&2; exit 2 ;;
    esac
    echo "== $name"
    "$name"
done
