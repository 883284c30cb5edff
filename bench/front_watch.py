"""What it costs to watch a live run, and what is seen of it."""

import re
import sys

from front import LARGE, SMALL, beside, home, leet, open_live, writing
from made import PACE, PER_EPOCH

# Seconds of a watch.
WATCH = 60

METRICS = ["train loss", "test accuracy", "learning rate", "weight norm", "images per second", "train accuracy"]


def our_metrics(text):
    """Metrics of which name, value and sparkline are in view."""
    return sum(bool(re.search(rf"{name} +[\d.,]+ +[▁-█]", text)) for name in METRICS)


def their_metrics(text):
    """Metrics of which the chart is in view, by LEET's own word; the newest values of all stand beside in its overview."""
    found = re.search(r"Metrics \[(\d+)-(\d+) of \d+\]", text)
    return int(found[2]) - int(found[1]) + 1 if found else 0


def watch(terminal, begun, pattern, metrics):
    """What watching costs, and what is seen: the metrics at the end; how old the newest step shown is, as a mean over time and at most."""
    step = lambda: int(re.search(pattern, terminal.text)[1].replace(",", ""))
    terminal.until(pattern)
    while step() <= PER_EPOCH:
        if not terminal.draw(60):
            raise SystemExit(f"error: {terminal.process.args[0]} never shows a new step; the screen:\n{terminal.text}")
    costs, begin, end = terminal.leave_alone(WATCH)
    age, largest, last = 0.0, 0.0, begin
    while last < end:
        done = begun + (step() - PER_EPOCH) / PACE
        until = min(end, max(begin, terminal.at)) if terminal.draw() else end
        age, largest, last = age + (until - last) * ((last + until) / 2 - done), max(largest, until - done), until
    return {**costs, "memory": terminal.memory(), "age": age / (end - begin), "largest-age": largest, "metrics": metrics(terminal.text),
            "screen": terminal.text}


def watch_one(what, tick, open_live_run, pattern, metrics):
    with home() as (runs, environment):
        run = writing(what, runs, environment, PACE, tick)
        with open_live_run(run.about["directory"], environment) as terminal:
            seen = watch(terminal, run.about["begin"], pattern, metrics)
        run.end()
    return seen


def watch_ours(size):
    return watch_one("curricle", 0.1, lambda _, environment: open_live(environment, size), r"step +([\d,]+) of", our_metrics)


def watch_theirs(size):
    return watch_one("leet", 0, lambda path, environment: leet(path, environment, size), r"_step +(\d+)", their_metrics)


# Unit, bar, aim; which of the rounds counts where it is not the median; whether less or more is good.
BARS = {
    "bytes": ("B/s", 300, 100, {}),
    "cpu": ("%", 1, 0.3, {}),
    "memory": ("MB", 50, None, {}),
    "age": ("s", 0.5, None, {}),
    "largest-age": ("s", 0.5, None, {"pick": max}),
    "metrics": ("of 6", len(METRICS), None, {"pick": min, "sense": "at least"}),
}


def watching(size):
    def run(name, options):
        ours, others = zip(*((watch_ours(size), watch_theirs(size)) for _ in range(options.pairs)))
        of = lambda side, what: [seen[what] for seen in side]
        rows = [beside(f"{name}-{what}", unit, of(ours, what), of(others, what), bar, aim, memory=max(of(ours, "memory")),
                       peer_memory=max(of(others, "memory")), **more)
                for what, (unit, bar, aim, more) in BARS.items()]
        if not rows[-1]["met"]:
            print(f"{name}: not all metrics are in view:\n{ours[-1]['screen']}", file=sys.stderr)
        return rows

    return run


JOBS = {"watch-80x24": watching(SMALL), "watch-140x45": watching(LARGE)}
