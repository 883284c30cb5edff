"""How soon the course of a run of a million steps is on the screen."""

import re

from front import STILL, beside, curricle, home, in_turn, leet, leet_run
from made import LONG, Run


def whole_course(terminal, begun, end_pattern):
    """Seconds until curves change for the last time when the end of the run has been said, and the memory that it took."""
    curves, changed, said = None, begun, False
    while terminal.draw(STILL if said else 300):
        said = said or bool(re.search(end_pattern, terminal.text))
        now = re.findall("[\u2801-\u28ff▁-█]|\n", terminal.text)
        if now != curves:
            curves, changed = now, terminal.at
    if not said:
        raise SystemExit(f"error: {terminal.process.args[0]} never showed `{end_pattern}`; the screen:\n{terminal.text}")
    return changed - begun, terminal.memory()


def open_ours(environment):
    """From Enter on the run in the list, which has drawn its small curve of the accuracy by then."""
    with curricle(environment) as terminal:
        terminal.until(r"\[5 Runs\] +1 run")
        terminal.until_still(STILL)
        return whole_course(terminal, terminal.press("\r"), rf"done: {LONG} steps")


def open_theirs(path, environment):
    """From the start of the process, which is how LEET opens a run."""
    with leet(path, environment) as terminal:
        return whole_course(terminal, terminal.began, r"State: Finished")


def open_long(name, options):
    path = leet_run(LONG)
    with home() as (runs, environment):
        Run(runs, 0, "long", LONG, 5_000).finish()
        seconds, memory = zip(*in_turn(options.pairs, lambda: open_ours(environment))[0])
        their_seconds, their_memory = zip(*(open_theirs(path, environment) for _ in range(options.pairs)))
    memories = {"memory": max(memory), "peer_memory": max(their_memory)}
    return [beside(name, "s", seconds, their_seconds, 1, 0.2, **memories),
            beside(f"{name}-memory", "MB", memory, their_memory, 100, **memories)]


JOBS = {"open-1000000": open_long}
