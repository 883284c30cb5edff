#!/usr/bin/env bash
# install.sh PREFIX: programs to PREFIX/bin, libtorch to PREFIX/lib/curricle.
# install.sh --remove PREFIX: takes them away again.
#
# Every file arrives under a temporary name and is renamed over the old one, so a run that is training keeps the files
# that it has open, and an interrupted installation leaves the old one whole.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "$1" = "--remove" ]; then
  prefix=$2
  rm -f "$prefix/bin/curricle" "$prefix/bin/curricle-engine"
  rm -rf "$prefix/lib/curricle"
  echo "removed from $prefix; runs, presets and data stay where they are"
  exit 0
fi

prefix=$1
libtorch=${LIBTORCH:-.libtorch/torch}

put() { # put FILE DESTINATION: as a new file beside the old one, then in its place
  local part="$2.new-$$"
  mkdir -p "$(dirname "$2")"
  cp "$1" "$part"
  mv -f "$part" "$2"
}

# Libraries first: a program must never be newer than what it loads.
for library in "$libtorch"/lib/*.so*; do
  case "$library" in */libtorch.so|*/libtorch_python.so) continue ;; esac
  put "$library" "$prefix/lib/curricle/torch/lib/$(basename "$library")"
done
if [ -z "${LIBTORCH:-}" ] && [ -d .libtorch/nvidia ]; then
  (cd .libtorch && find nvidia -name '*.so*' -type f) | while read -r library; do
    put ".libtorch/$library" "$prefix/lib/curricle/$library"
  done
fi
put target/release/curricle-engine "$prefix/bin/curricle-engine"
put target/release/curricle "$prefix/bin/curricle"
echo "installed in $prefix: $("$prefix/bin/curricle" --version)"
case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) echo "note: $prefix/bin is not on your PATH" ;;
esac
