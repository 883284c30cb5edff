"""What the front end costs while nothing happens: the list of runs that are over, and a live run that writes nothing."""

import time

from front import SMALL, STILL, beside, curricle, home, leet, leet_runs, listed, open_live, their_list, writing
from made import finished_runs

# Seconds of an idle spell, and what a program that is never still gets to come to rest.
IDLE, REST = 10, 10


def left_alone(terminal, still):
    """What it takes when all that its start set going is over."""
    if still:
        terminal.until_still(STILL)
    else:
        time.sleep(REST)
        while terminal.draw():
            pass
    return {**terminal.leave_alone(IDLE)[0], "memory": terminal.memory()}


def over_ours():
    with home() as (runs, environment):
        finished_runs(runs, 200)
        with curricle(environment) as terminal:
            terminal.until(listed(200))
            return left_alone(terminal, True)


def over_theirs():
    path = leet_runs(200)
    with home() as (_, environment), leet(path, environment) as terminal:
        terminal.until(their_list(200))
        return left_alone(terminal, False)


def silent_ours():
    with home() as (runs, environment):
        run = writing("silent-curricle", runs, environment)
        with open_live(environment, SMALL) as terminal:
            # After ten seconds the silence is marked.
            terminal.until(r"last heard")
            found = left_alone(terminal, True)
        run.end()
    return found


def silent_theirs():
    with home() as (runs, environment):
        run = writing("silent-leet", runs, environment)
        with leet(run.about["directory"], environment) as terminal:
            terminal.until(r"_step +\d")
            found = left_alone(terminal, False)
        run.end()
    return found


def idling(measure, measure_theirs):
    def run(name, options):
        ours, others = zip(*((measure(), measure_theirs()) for _ in range(options.pairs)))
        of = lambda side, what: [costs[what] for costs in side]
        # Not one byte in any round.
        return [beside(f"{name}-{what}", unit, of(ours, what), of(others, what), bar, memory=max(of(ours, "memory")),
                       peer_memory=max(of(others, "memory")), **more)
                for what, unit, bar, more in (("bytes", "B/s", 0, {"pick": max}), ("cpu", "%", 0.1, {}))]

    return run


JOBS = {"idle": idling(over_ours, over_theirs), "idle-silent-run": idling(silent_ours, silent_theirs)}
