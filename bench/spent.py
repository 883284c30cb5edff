"""What the time of a training step is spent on, by samples of `perf`: `make bench ONLY=profile`.

Every sample belongs to one function of one library. Which of them are convolutions, passes over memory, the kernel or the rest
is told by their names, below. Idle is the time that no thread of the process computed: it waited, for others or for a core.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from engine import WITH_ALLOCATOR, INSTALLED, sides, told
from pairs import alone

# Seconds of a profile at least, samples a second.
LONG, RATE = 20, 499

# The first that fits counts: what, then a pattern of `library function`.
KINDS = [
    ("kernel", r"^\[(kernel|guest|unknown\.kallsyms|vmlinux)|^\[k\]"),
    # oneDNN compiles its convolutions while it runs: code of no file, or of a file of its own name.
    ("convolutions", r"jit_|dnnl|brgemm|conv|outer_sums|tile<|sgemm|gemm|winograd|^(\[JIT\]|\[anon|//anon|\[unknown\]|perf-)"),
    # What is ours and no convolution is a pass over a map.
    ("memory-bound", r"\[\.\] curricle::|batch_?norm|threshold|relu|vectorized|add_kernel|mul_kernel|copy|fill|memset|memcpy|memmove"
                     r"|cascade_sum|sum_|Reduce|binary_kernel|addcmul|sgd|softmax|AVX|DEFAULT|Optimizer"),
]
REST = "allocation, dispatch, the graph"
WHAT = [*(name for name, _ in KINDS), REST, "idle"]


def kind(library, function):
    return next((name for name, pattern in KINDS if re.search(pattern, f"{library} {function}")), REST)


def why_not():
    """Why there can be no profile here, or nothing."""
    if not shutil.which("perf"):
        return "there is no `perf` here (a package of Linux's tools: `linux-perf` or `linux-tools`)"
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(["perf", "record", "-q", "-e", "cpu-clock", "-o", f"{folder}/data", "true"], capture_output=True, text=True)
        if tried.returncode:
            return f"`perf record` fails: {(tried.stderr.strip().splitlines() or ['it says nothing'])[-1]} (see /proc/sys/kernel/perf_event_paranoid)"
    return None


def processor(pid):
    return time.clock_gettime(~pid << 3 | 2)


def samples(path):
    """How many samples fell on each library and function. Counts, as shares come rounded, and compiled code is thousands of places."""
    # A tab between what may hold blanks.
    asked = ["perf", "report", "--stdio", "--no-children", "--percent-limit", "0", "--fields", "sample,dso,symbol", "--field-separator", "\t", "-i", path]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    for line in said.splitlines():
        if line.strip() and not line.startswith("#"):
            count, library, function = (part.strip() for part in line.split("\t")[:3])
            yield int(count), library, function


def profile_of(side, threads, folder):
    """Per cent of a step, for each kind; and the functions that took most, to judge the names by."""
    side.run(2)
    one, _ = side.run(1)
    count, data = max(3, int(LONG / one) + 1), f"{folder}/data"
    # `perf` watches the process that computes, and nothing of how it was prepared.
    watcher = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", str(RATE), "-p", str(side.process.pid), "-o", data],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not (os.path.exists(data) and os.path.getsize(data)):
        if watcher.poll() is not None:
            raise SystemExit(f"error: perf ended: {watcher.stderr.read()}")
        time.sleep(0.01)
    before = processor(side.process.pid)
    seconds, _ = side.run(count)
    taken = processor(side.process.pid) - before
    watcher.send_signal(signal.SIGINT)
    watcher.wait()
    busy = min(1.0, taken / (threads * seconds))
    shares, most = dict.fromkeys(WHAT, 0.0), []
    found = sorted(samples(data), reverse=True)
    total = sum(count for count, _, _ in found)
    for count, library, function in found:
        shares[kind(library, function)] += 100 * busy * count / total
    for count, library, function in found[:40]:
        most.append([round(100 * count / total, 2), kind(library, function), library, function[:120]])
    shares["idle"] = 100 * (1 - busy)
    return shares, most


def profile(network, batch):
    def run(name, options):
        if problem := why_not():
            print(f"{name}: SKIPPED, {problem}", flush=True)
            return []
        asked = told(network, batch, "f32", options.threads)
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = sides("step", asked, pathlib.Path(folder))
            found = {side.name: profile_of(side, options.threads, folder) for side in (ours, *theirs) if side.name != INSTALLED}
            memory = ours.peak_memory(), next(side for side in theirs if side.name == WITH_ALLOCATOR).peak_memory()
            for side in (ours, *theirs):
                side.end()
        (here, most), (there, their_most) = found[ours.name], found[WITH_ALLOCATOR]
        rows = [alone(f"{name}-{what.replace(', ', '-').replace(' ', '-')}", "%", [here[what]], peer=WITH_ALLOCATOR, others=[there[what]],
                      memory=memory[0], peer_memory=memory[1], threads=options.threads) for what in WHAT]
        return [{**row, "functions": most, "peer_functions": their_most} if place == 0 else row for place, row in enumerate(rows)]

    return run


JOBS = {"profile-preresnet-56-f32": profile("preresnet-56", 128), "profile-wideresnet-16-4-f32": profile("wideresnet-16-4", 64)}
