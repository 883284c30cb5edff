#!/usr/bin/env python3
"""Measures the screen in a real pseudo-terminal: first frame with 200 runs on disk, `--help`, idle bytes and CPU.

Fails where a bar is missed: first frame 150 ms, --help 50 ms (medians of nine, warm cache), idle 0 bytes and under 1 %
of a core over ten seconds.
"""

import json
import os
import pathlib
import pty
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target/release/curricle"


def make_runs(folder, count):
    """Run directories of finished runs, as the engine leaves them."""
    for number in range(count):
        run = folder / f"20260101-{number:06}-made-{number:04}"
        run.mkdir(parents=True)
        record = {"format": 1, "id": run.name, "name": f"made {number % 40}", "created": "2026-01-01T00:00:00Z", "version": "0.1.0",
                  "commit": "", "kind": "training", "set": "glyphs", "network": "preresnet 8",
                  "seeds": {"weights": number, "order": number, "augmentation": number}, "epochs": 12, "steps": None}
        status = {"state": "done", "pid": 1, "host": "nowhere", "step": 1920, "steps": 1920, "epoch": 12, "epochs": 12,
                  "heartbeat": 9, "generation": 0, "loss": 0.2, "accuracy": 0.9, "seconds": 60.0, "exit": 0}
        (run / "run.json").write_text(json.dumps(record))
        (run / "status.json").write_text(json.dumps(status))


def start(environment):
    """The screen in a pty of 80×24; returns (pid, descriptor)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(PROGRAM, [str(PROGRAM)], environment)
    import fcntl, struct, termios
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return pid, terminal


def read_for(terminal, seconds, until=None):
    """Bytes that arrive within a time, or until some text is among them."""
    got, end = b"", time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                got += os.read(terminal, 65536)
            except OSError:
                break
            if until and until in got:
                break
    return got


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main():
    failed = []

    def bar(what, value, limit, unit):
        met = value <= limit
        print(f"{'✓' if met else '✗'} {what}: {value:.1f} {unit} (bar {limit} {unit})")
        if not met:
            failed.append(what)

    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        make_runs(scratch / "runs", 200)
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "CURRICLE_RUNS": str(scratch / "runs"),
                       "XDG_CONFIG_HOME": str(scratch / "config"), "XDG_CACHE_HOME": str(scratch / "cache")}
        frames = []
        for _ in range(10):
            began = time.monotonic()
            pid, terminal = start(environment)
            seen = read_for(terminal, 5, b"Configure")
            frames.append(1000 * (time.monotonic() - began))
            assert b"Configure" in seen, seen
            os.kill(pid, signal.SIGTERM)
            read_for(terminal, 2)
            os.waitpid(pid, 0)
            os.close(terminal)
        bar("first frame with 200 runs", statistics.median(frames[1:]), 150, "ms")
        helps = []
        for _ in range(10):
            began = time.monotonic()
            subprocess.run([PROGRAM, "--help"], capture_output=True, check=True)
            helps.append(1000 * (time.monotonic() - began))
        bar("--help", statistics.median(helps[1:]), 50, "ms")
        began = time.monotonic()
        listed = subprocess.run([PROGRAM, "--runs", scratch / "runs", "runs", "list", "--json"], capture_output=True, check=True)
        print(f"  200 runs listed in {1000 * (time.monotonic() - began):.0f} ms")
        assert len(json.loads(listed.stdout)) == 200
        pid, terminal = start(environment)
        read_for(terminal, 8)  # until everything that is loaded at the start has been drawn
        before = cpu_seconds(pid)
        idle = read_for(terminal, 10)
        used = 100 * (cpu_seconds(pid) - before) / 10
        bar("bytes in 10 idle seconds", len(idle), 0, "B")
        bar("idle CPU", used, 1, "% of a core")
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
