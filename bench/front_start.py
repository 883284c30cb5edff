"""How soon the front end shows something: its first picture, the list of runs, its help."""

import contextlib
import os
import subprocess
import time

from costs import memory
from front import PROGRAM, beside, curricle, home, in_turn, leet, leet_run, leet_runs, listed, their_list, until_shown
from made import PER_EPOCH, finished_runs
from pairs import alone

A_CHART = "(?s)([\u2801-\u28ff].*?){5}"
# The first picture has no list yet; LEET's first one with a chart is beside both it and the one with the list. For each job the
# patterns of both sides, bar, aim.
FIRST = {"": (r"(?s)\[5 Runs\].*╰─+.*\? help", A_CHART, 0.15, 0.05), "-with-list": (listed(200), A_CHART, None, None)}
LIST = {"": (listed(1000), their_list(1000), 0.3, 0.05)}


def starting(count, their_run, jobs):
    """Jobs from the start of the process until a pattern stands on the screen."""

    def run(name, options):
        with home() as (runs, environment):
            finished_runs(runs, count)
            path, rows = their_run(), []
            for job, (our_pattern, their_pattern, bar, aim) in jobs.items():
                seen = in_turn(options.pairs, lambda: until_shown(curricle(environment), our_pattern),
                               lambda: until_shown(leet(path, environment), their_pattern))
                (ours, memory), (others, their_memory) = (zip(*side) for side in seen)
                rows.append(beside(name + job, "s", ours, others, bar, aim, memory=max(memory), peer_memory=max(their_memory)))
        return rows

    return run


def memory_of_help():
    """The most memory of `--help`, looked at while it waits to print: the pipe that it prints to is full."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    child = subprocess.Popen([PROGRAM, "--help"], stdout=writer)
    before, now = 0, memory(child.pid)
    # All is loaded and made when it has grown no more for a while.
    while now != before:
        time.sleep(0.2)
        before, now = now, memory(child.pid)
    child.kill()
    child.wait()
    os.close(reader)
    os.close(writer)
    return now


def print_help(name, options):
    def measure():
        began = time.monotonic()
        subprocess.run([PROGRAM, "--help"], capture_output=True, check=True)
        return time.monotonic() - began

    return [alone(name, "s", in_turn(options.pairs, measure)[0], 0.05, 0.005, memory=memory_of_help())]


JOBS = {
    "first-frame": starting(200, lambda: leet_run(2 * PER_EPOCH), FIRST),
    "help": print_help,
    "list-1000": starting(1000, lambda: leet_runs(1000), LIST),
}
