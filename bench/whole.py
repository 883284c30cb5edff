"""Jobs of whole engines: how soon the first step is done, and what recording, records of scores and saving take of a step."""

import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from costs import Peak
from engine import LAUNCHED, MEASURE
from pairs import Side, alone

HOME = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = HOME / "target" / "release" / "curricle"
# Seconds between two saves by default.
INTERVAL = 60


def environment(folder):
    return {**os.environ, "CURRICLE_RUNS": str(folder / "runs"), "XDG_CONFIG_HOME": str(folder / "config"), "XDG_CACHE_HOME": str(folder / "cache")}


def events(folder):
    """All whole events of the only run in a folder, as far as they are written."""
    for path in (folder / "runs").glob("*/events.jsonl"):
        return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return []


def start(name, options):
    """From the start of `curricle run quickstart` to the event of the first step, caches warm."""
    seconds, memory = [], 0
    for _ in range(options.pairs + 1):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            began = time.perf_counter()
            run = subprocess.Popen([PROGRAM, "run", "quickstart"], env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            peak = Peak(run.pid)
            while not any(event["kind"] == "step" for event in events(folder)):
                if run.poll() is not None:
                    raise SystemExit(f"error: `curricle run quickstart` ended with {run.returncode} before its first step")
                time.sleep(0.002)
            seconds.append(time.perf_counter() - began)
            memory = max(memory, peak.end())
            run.terminate()
            run.wait()
    # The first one warmed the caches.
    return [alone(name, "s", seconds[1:], 1.5, memory=memory)]


EXPERIMENT = """
[data]
set = "glyphs"
[data.glyphs]
train = 2000
test = 10
[network]
kind = "preresnet"
depth = 56
[training]
device = "cpu"
threads = 1
precision = "f32"
evaluate_every = "1000 steps"
"""


# One choice among eight at every step.
ORDERING = """
[ordering]
scorer = "loss"
recipe = "fixed"
candidates = 8
"""


def seconds_a_step(first, last, batch, steps, state_every="1000 steps"):
    """What a step of PreResNet-56 takes in a real engine, between the events of two steps.

    An engine writes at most some 50,000 events a run: how long the run is to be decides how often it writes one.
    """
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "experiment.toml").write_text(EXPERIMENT)
        engine = folder / "engine"
        engine.write_text(f'#!/bin/sh\n[ "$1" = train ] && set -- "$@" --stop-at {last}\nexec "{PROGRAM}-engine" "$@"\n')
        engine.chmod(0o755)
        told = {"steps": steps, "batch": batch, "state_every": state_every}
        sets = [part for key, value in told.items() for part in ("--set", f"training.{key}={value}")]
        run = subprocess.Popen([PROGRAM, "run", folder / "experiment.toml", *sets, "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               env={**environment(folder), "CURRICLE_ENGINE": str(engine)}, text=True)
        peak = Peak(run.pid)
        _, said = run.communicate()
        times = {event["step"]: event["time"] for event in events(folder) if event["kind"] == "step"}
        if first not in times or last not in times:
            raise SystemExit(f"error: the run has no events of the steps {first} and {last}: {said}")
        return (times[last] - times[first]) / (last - first), peak.end()


# Records of scores that are written in one go, so that what is measured is not the clock.
RECORDS = 1000


def seconds_a_record():
    """What one record of the scores of eight candidates takes, from the training thread to the disk; one list entry a round.

    Nothing is scored: an ordering with K = 8 adds one such event to every step, and this is all that the event costs. It is
    an upper bound: most of it is done by the thread beside the one that trains.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "experiment.toml"
        file.write_text(EXPERIMENT + ORDERING)
        side = Side("Curricle", [MEASURE, "record", file, folder], {**os.environ, **LAUNCHED})
        try:
            side.run(RECORDS)
            while True:
                yield side.run(RECORDS)[0] / RECORDS
        finally:
            side.end()


def overhead(name, options):
    """Recording every step and its scores and saving every minute, in percent of a step of batch 128.

    What one event and one save take is the difference between real runs with and without, with small batches, so that it
    is not lost in the spread of a long step.
    """
    rarely, always = 40 * 50_000, 200
    steps, memory = zip(*(seconds_a_step(1, 5, 128, always) for _ in range(3)))
    step, records, parts = statistics.median(steps), seconds_a_record(), []
    for _ in range(options.pairs):
        without, _ = seconds_a_step(40, 80, 4, rarely)
        recorded, _ = seconds_a_step(40, 80, 4, always)
        saved, _ = seconds_a_step(40, 80, 4, rarely, "1 steps")
        parts.append({"events": 100 * 40 / 39 * (recorded - without) / step, "scores": 100 * next(records) / step,
                      "saves": 100 * (saved - without) / INTERVAL})
    records.close()
    return [alone(name, "%", [sum(part.values()) for part in parts], 1, memory=max(memory), threads=1,
                  parts={what: statistics.median(part[what] for part in parts) for what in parts[0]})]


JOBS = {"start-quickstart": start, "overhead-preresnet-56": overhead}
