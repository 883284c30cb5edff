#!/usr/bin/env bash
# Installs the other side of the benchmarks into .bench/venv, if it is not there whole, and measures.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=.bench/installed
if ! cmp -s bench/requirements.txt "$stamp" || ! [ -x .bench/venv/bin/python ]; then
	echo "bench: installing PyTorch and the others into .bench (some 5 GB, once)" >&2
	python3 -m venv .bench/venv
	.bench/venv/bin/pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt
	cp bench/requirements.txt "$stamp"
fi
exec .bench/venv/bin/python bench/run.py "$@"
