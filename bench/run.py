"""Measures Curricle beside what people use instead: `make bench`, `make bench ONLY=step`.

Prints a table, writes `target/bench.json`, and puts the table with the hardware into `docs/benchmarks.md`. Results of jobs
that were not asked for this time are kept.
"""

import json
import os
import pathlib
import platform
import subprocess
import sys
import time

HOME = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME / "bench"))

import engine  # noqa: E402
import ordering  # noqa: E402
import screen  # noqa: E402
import spent  # noqa: E402
import whole  # noqa: E402
from asked import chosen_of, options_of  # noqa: E402

RESULTS = HOME / "target" / "bench.json"
# What a whole run has measured so far, committed: a run of hours goes on from it on another day or in another clone.
RECORD = HOME / "docs" / "proofs" / "bench.json"
PAGE = HOME / "docs" / "benchmarks.md"
BEGIN, END = "<!-- begin: written by make bench -->", "<!-- end -->"
JOBS = {**engine.JOBS, **ordering.JOBS, **whole.JOBS, **screen.JOBS, **spent.JOBS}


def machine():
    return f"{model()} × {os.cpu_count()}"


def model():
    return next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())


def hardware():
    flags = open("/proc/cpuinfo").read()
    units = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags]
    memory = int(next(line for line in open("/proc/meminfo") if line.startswith("MemTotal")).split()[1]) / 2**20
    return f"{model()}, {os.cpu_count()} cores ({', '.join(units)}), {memory:.0f} GiB, {platform.system()} {platform.release()}"


def commit():
    """The commit that is measured; with a + where files differ from it."""
    ask = lambda *words: subprocess.run(["git", *words], cwd=HOME, capture_output=True, text=True).stdout.strip()
    changed = ask("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs")
    return (ask("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def stamped(row, name):
    """A row with what it takes to know how it was measured. Where a job has no say in its threads, it may use all."""
    how = {"of": name, "threads": len(os.sched_getaffinity(0)), "hardware": hardware(), "machine": machine(),
           "date": time.strftime("%Y-%m-%d"), "commit": commit()}
    return {**how, **row, **({"machine": row["hardware"]} if "hardware" in row else {})}


def number(value, unit):
    if value is None:
        return "–"
    if unit == "s":
        return f"{value:.3f} s" if value >= 0.1 else f"{1e3 * value:.2f} ms"
    return f"{value:,.0f} {unit}" if abs(value) >= 100 else f"{value:.3g} {unit}"


HEAD = ("job", "beside", "Curricle", "the other", "ratio, or share of the limit", "spread", "bar", "aim", "met", "memory", "pairs", "threads", "measured")
LEFT = ("job", "beside", "met", "measured")


def line(row):
    """A row of the table. A limit of its own stands in the row's unit, the bar of a ratio as a number."""
    limit = row.get("limit")
    bar, aim = (row["bar"], row["aim"]) if limit is None else (limit, row["limit_aim"])
    bounds = {True: "≤", False: "≥"}[row.get("sense", "at most") == "at most"]
    show = lambda value: "–" if value is None else f"{bounds} {value:g}" if limit is None else f"{bounds} {number(value, row['unit'])}"
    if row["low"] is not None:
        across = f"{row['low']:.3f}–{row['high']:.3f}"
    else:
        across = f"{row['curricle_low']:g}–{row['curricle_high']:g} {row['unit']}"
    memory = " / ".join("–" if value is None else f"{value:,.0f}" for value in (row["curricle_memory_mb"], row["peer_memory_mb"]))
    cells = (row["job"], row["peer"], number(row["curricle"], row["unit"]), number(row["peer_value"], row["unit"]),
             "–" if row["ratio"] is None else f"{row['ratio']:.3f}{' of the limit' if row['ratio_to'] == 'limit' else ''}", across, show(bar), show(aim),
             "–" if bar is None else "yes" if row["met"] else "**no**", f"{memory} MB", row["pairs"], row["threads"],
             f"{row['date']}, {row['commit']}, {row['machine']}")
    return f"| {' | '.join(map(str, cells))} |"


def table(rows):
    rule = "|".join("---" if name in LEFT else "---:" for name in HEAD)
    return "\n".join([f"| {' | '.join(HEAD)} |", f"|{rule}|", *map(line, rows)])


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    part.rename(path)


def read(path):
    """The rows of jobs that there still are; none where the file is missing or does not read."""
    if not path.exists():
        return []
    try:
        return [row for row in json.loads(path.read_text()) if row["of"] in JOBS and "commit" in row]
    except (ValueError, KeyError, TypeError):
        print(f"{path} does not read; its results are forgotten", file=sys.stderr)
        return []


def write_page(rows):
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    machines = "; ".join(sorted({row["hardware"] for row in rows}))
    said = (f"{BEGIN}\n\n{machines}. Medians of so many interleaved rounds as `pairs` says, spread from the smallest to the largest "
            f"ratio; so many threads on both sides as `threads` says; memory of Curricle / of the other.\n\n{table(rows)}\n\n{END}")
    PAGE.write_text(before + said + after)


def main():
    options = options_of(sys.argv[1:])
    chosen = chosen_of(options, JOBS)
    rows = read(RECORD) if options.rest else [] if options.fresh else read(RESULTS)
    if options.rest:
        # What another machine has measured says nothing of this one.
        rows = [row for row in rows if row["machine"] == machine()]
        chosen = [name for name in JOBS if name not in {row["of"] for row in rows}]
    rows = [row for row in rows if row["of"] not in chosen]
    engine.build()
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        found = [stamped(row, name) for row in JOBS[name](name, options)]
        rows = sorted(rows + found, key=lambda row: list(JOBS).index(row["of"]))
        print(table(found), flush=True)
        write(RESULTS, rows)
        if not options.only:
            write(RECORD, rows)
    # The page has every job. Where a whole run was interrupted, its rows may be of two days: each says its day and commit.
    if not options.only:
        write_page(rows)
    measured = [row for row in rows if row["of"] in chosen or not options.only]
    if not any(row["of"] in chosen for row in rows):
        sys.exit("error: nothing was measured")
    missed = [row["job"] + " beside " + row["peer"] for row in measured if not row["met"]]
    print("\nall bars met" if not missed else "\nbars missed: " + "; ".join(missed))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nstopped; what was measured is kept, and after a whole run `make bench REST=1` goes on")
