"""How soon a key is answered while a run writes a thousand events a second."""

import re
import time

import numpy as np

from front import LEET, SMALL, beside, home, leet, open_live, writing
from terminal import Terminal

# Keys of one round, and events a second meanwhile.
KEYS, EVENTS = 200, 1000
# Keys of Train and what the screen shows once they are answered: another axis, the crosshair, one box alone, and back.
ROUND = [("X", r"\d +images  "), ("X", r"\d +passes  "), ("X", r" +seconds  "), ("X", r"\d +steps  "), ("c", r"─ loss at \d"), ("c", r"─ loss   "),
         ("z", r"(?s)\A(?!.*─ now ─)"), ("z", r"─ now ─")]
# A program that does nothing but count the keys: what of an answer's time is the machine's and not the screen's.
COUNTER = ["bash", "-c", r"stty raw -echo; printf '\e[H0'; while read -rn1 key; do printf '\e[H%s' $((++count)); done"]


def answer_time(terminal, pause, key, pattern):
    """Seconds from a key, pressed after a pause, to the bytes that bring its answer."""
    time.sleep(pause)
    pressed = terminal.press(key)
    if re.search(pattern, terminal.text):
        raise SystemExit(f"error: before `{key}` the screen shows `{pattern}` already: choose one that tells the answer; the screen:\n{terminal.text}")
    return terminal.until(pattern, 10) - pressed


def pauses(*many):
    """Uneven pauses before keys, so that keys meet every phase of a screen's own work."""
    return np.random.default_rng(0).uniform(0.02, 0.1, many).tolist()


def late(times):
    return float(np.percentile(times, 99))


def answer_times():
    """The 99th percentiles of the screen and of the counter, which are asked in turn, while events come; memory of both."""
    with home() as (runs, environment):
        run = writing("curricle", runs, environment, EVENTS, 0.01)
        with open_live(environment, SMALL) as terminal, Terminal(COUNTER, environment, SMALL) as counter:
            counter.until(r"\A0 ")
            times = [(answer_time(terminal, before, *ROUND[number % len(ROUND)]), answer_time(counter, after, "x", rf"\A{number + 1} "))
                     for number, (before, after) in enumerate(pauses(KEYS, 2))]
            memory = terminal.memory(), counter.memory()
        run.end()
    return [late(side) for side in zip(*times)], memory


# LEET's keys that change what stands on the screen at once: the next charts, and those before. Charts are the second box.
TO_CHARTS = ["\t", "\t"]
THEIR_ROUND = [("n", r"Metrics \[[3-9]-"), ("N", r"Metrics \[1-")]


def their_answer_times():
    """The same of LEET beside a run of wandb that logs as many steps a second."""
    with home() as (runs, environment):
        run = writing("leet", runs, environment, EVENTS, 0)
        with leet(run.about["directory"], environment) as terminal:
            terminal.until(THEIR_ROUND[1][1])
            for key in TO_CHARTS:
                terminal.press(key)
                time.sleep(1)
            times = [answer_time(terminal, before, *THEIR_ROUND[number % 2]) for number, before in enumerate(pauses(KEYS))]
            memory = terminal.memory()
        run.end()
    return late(times), memory


def key(name, options):
    ours, counter, memory, counters, theirs, their_memory = [], [], [], [], [], []
    for _ in range(options.pairs):
        (one, other), (took, its) = answer_times()
        late_there, took_there = their_answer_times()
        for place, value in zip((ours, counter, memory, counters, theirs, their_memory), (one, other, took, its, late_there, took_there)):
            place.append(value)
    return [beside(name, "s", ours, counter, 0.05, peer="a shell that counts keys", keys=KEYS, memory=max(memory), peer_memory=max(counters)),
            beside(name, "s", ours, theirs, 0.05, keys=KEYS, memory=max(memory), peer_memory=max(their_memory))]


JOBS = {"key": key}
