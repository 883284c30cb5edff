#!/usr/bin/env bash
# Installs the other side of the benchmarks into .bench/venv, if it is not there whole, and measures.
set -euo pipefail
cd "$(dirname "$0")/.."
python3 bench/asked.py "$@"
stamp=.bench/installed
if ! cmp -s bench/requirements.txt "$stamp" || ! [ -x .bench/venv/bin/python ]; then
	echo "bench: installing PyTorch and the others into .bench (some 5 GB, once)" >&2
	python3 -m venv .bench/venv
	.bench/venv/bin/pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt || {
		echo "bench: the installation needs the network once; \`make bench\` goes on with it" >&2
		exit 1
	}
	cp bench/requirements.txt "$stamp"
fi
exec .bench/venv/bin/python bench/run.py "$@"
