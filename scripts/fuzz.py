"""Runs the fuzz targets that scripts/fuzz.sh has built, one after the other, and writes the proof of it."""

import argparse
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import time

HOME = pathlib.Path(__file__).resolve().parent.parent
FUZZ = HOME / "fuzz"
PROOF = HOME / "docs" / "proofs"
# Beside the limit that each target holds its reader to (the input's size and 100 MB), which panics when it is broken.
MEMORY_MB = 1024
LONGEST_INPUT = 1 << 16
LONGEST_SECONDS = 20
# `#1234: cov: 56 ft: 78 corp: 9 exec/s 10 oom/timeout/crash: 0/0/0 time: 11s job: 12 dft_time: 0`
LINE = re.compile(r"^#(\d+): cov: (\d+) .*?corp: (\d+) .*oom/timeout/crash: (\d+)/(\d+)/(\d+) time: ")
TICKS = os.sysconf("SC_CLK_TCK")


def targets():
    """The names of all targets, from fuzz/Cargo.toml."""
    return re.findall(r'\[\[bin\]\]\nname = "(\w+)"', (FUZZ / "Cargo.toml").read_text())


def core_seconds(process):
    """Seconds of a core that a process has spent, with the children that it has and had."""
    spent = 0
    try:
        spent += sum(int(field) for field in pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:15])
        for children in pathlib.Path(f"/proc/{process}/task").glob("*/children"):
            spent += sum(core_seconds(child) for child in children.read_text().split()) * TICKS
    except OSError:
        pass  # It has ended, and its parent has counted it.
    return spent / TICKS


def fuzz(target, seconds, jobs):
    """Runs one target; what is known of it afterwards."""
    program = FUZZ / "target" / "x86_64-unknown-linux-gnu" / "release" / target
    corpus, found = FUZZ / "corpus" / target, FUZZ / "artifacts" / target
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    inputs = [str(folder) for folder in (corpus, FUZZ / "seeds" / target, FUZZ / "regressions" / target) if folder.is_dir()]
    command = [
        str(program), *inputs, f"-artifact_prefix={found}/", f"-fork={jobs}",
        f"-rss_limit_mb={MEMORY_MB}", f"-max_len={LONGEST_INPUT}", f"-timeout={LONGEST_SECONDS}", "-reload=1",
    ]
    environment = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=16:detect_leaks=0", "RUST_BACKTRACE": "1"}
    lines = []
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, text=True, errors="replace")
    log = FUZZ / "artifacts" / f"{target}.log"
    with log.open("w") as out:
        for line in process.stderr:
            out.write(line)
            match = LINE.match(line)
            if match:
                # Cores that others use meanwhile take nothing off: what counts is the time spent here.
                spent = core_seconds(process.pid)
                lines.append([*(int(number) for number in match.groups()), spent])
                if spent >= seconds * jobs:
                    process.send_signal(signal.SIGUSR1)
    code = process.wait()
    # The largest of all processes that have ended so far: a later target's can only be seen if it is larger.
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    if not lines:
        sys.exit(f"error: {target} did not run; see {log}")
    new = sorted(path for path in found.iterdir() if path not in before)
    # The last line may have been written before the end that it led to.
    count = lambda kind, said: max(said, sum(path.name.startswith(kind) for path in new))
    half = next((line for line in lines if line[6] >= seconds * jobs / 2), lines[-1])
    last = lines[-1]
    return {
        "core_seconds": round(last[6]),
        "jobs": jobs,
        "executions": last[0],
        "coverage_half": half[1],
        "coverage": last[1],
        "corpus": last[2],
        "panics": count("crash-", last[5]),
        "timeouts": count("timeout-", last[4]),
        "out_of_memory": count("oom-", last[3]),
        "peak_memory_mb": memory,
        "found": [str(path.relative_to(HOME)) for path in new],
        "exit": code,
    }


def forked(target, seconds, jobs):
    """The same in a process of its own, so that peak memory is this target's alone."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        with os.fdopen(writer, "w") as out:
            json.dump(fuzz(target, seconds, jobs), out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    if not text:
        sys.exit(1)
    return json.loads(text)


def write(results):
    """The proof, for machines and for people."""
    PROOF.mkdir(parents=True, exist_ok=True)
    (PROOF / "fuzz.json").write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")
    rows = [
        "# Fuzzing",
        "",
        "Written by `make fuzz`. Every reader of foreign bytes is fed with changed inputs, with AddressSanitizer and overflow",
        "checks. A target fails if its reader panics, takes more memory than the input's size and 100 MB, takes longer than",
        f"{LONGEST_SECONDS} s, writes outside its folder, or hands on what does not hold together. Coverage is in edges;",
        "where it no longer grows in the second half, more time would find little. Memory is that of the process, most of it",
        "the sanitizer's.",
        "",
        "| target | core-seconds | executions | coverage, half | coverage, end | panics | timeouts | out of memory | peak memory |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for target, found in sorted(results.items()):
        rows.append(
            f"| {target} | {found['core_seconds']:,} on {found['jobs']} | {found['executions']:,} | {found['coverage_half']:,} | {found['coverage']:,} | "
            f"{found['panics']} | {found['timeouts']} | {found['out_of_memory']} | {found['peak_memory_mb']} MB |"
        )
    (PROOF / "fuzz.md").write_text("\n".join(rows) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    known = targets()
    wanted = [name for name in re.split(r"[ ,]+", options.only) if name] or known
    for name in wanted:
        if name not in known:
            sys.exit(f"error: no target is called {name}: there are {', '.join(known)}")
    try:
        results = {name: found for name, found in json.loads((PROOF / "fuzz.json").read_text()).items() if name in known}
    except FileNotFoundError:
        results = {}
    bad = []
    for number, target in enumerate(wanted, 1):
        print(f"{target} ({number} of {len(wanted)}), {options.seconds} s on {options.jobs} cores since {time.strftime('%H:%M')}", flush=True)
        found = forked(target, options.seconds, options.jobs)
        print(f"  {found['executions']:,} executions, coverage {found['coverage_half']} then {found['coverage']}, "
              f"{found['panics']} panics, {found['peak_memory_mb']} MB", flush=True)
        if found["panics"] or found["timeouts"] or found["out_of_memory"] or found["exit"]:
            bad.append(target)
            print("  " + "\n  ".join(found["found"] or [f"see fuzz/artifacts/{target}.log"]), flush=True)
        found.pop("exit")
        results[target] = found
        write(results)
    if bad:
        sys.exit(f"error: {', '.join(bad)}: mend the reader, then move what was found to fuzz/regressions/<target>/")


if __name__ == "__main__":
    main()
