"""What all jobs of the front end share: both programs with settings of their own, runs for them, measurements in turn."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from made import PACE, PER_EPOCH
from pairs import Side, alone
from terminal import Terminal

HOME = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = HOME / "target" / "release" / "curricle"
MADE = HOME / "bench" / "made.py"
# As a module: the script beside it names the folder that it was installed in, and a clone may be moved.
WANDB = [sys.executable, "-m", "wandb"]
KEPT = HOME / ".bench" / "leet"
LEET = "W&B LEET"

SMALL, LARGE = (80, 24), (140, 45)
# How long a screen must write nothing to count as still.
STILL = 3


@contextlib.contextmanager
def home():
    """A folder for runs with nothing in it, and variables that keep both programs within what lies beside it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if not PROGRAM.exists():
            raise SystemExit(f"error: {PROGRAM} is missing: run `make build`")
        own = ("WANDB", "XDG_", "CURRICLE_", "LC_", "COLORTERM", "NO_COLOR", "TMUX")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        environment |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "WANDB_MODE": "offline", "WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true"}
        # wandb leaves folders behind where it keeps what is temporary.
        for name in ("TMPDIR", "CURRICLE_RUNS", *(f"XDG_{part}_HOME" for part in ("CONFIG", "CACHE", "DATA")),
                     "WANDB_DIR", *(f"WANDB_{part}_DIR" for part in ("CONFIG", "CACHE", "DATA"))):
            environment[name] = f"{folder}/{name.lower()}"
            os.mkdir(environment[name])
        yield pathlib.Path(environment["CURRICLE_RUNS"]), environment


def writing(what, folder, environment, *numbers):
    """Starts a process that writes a run; `.end()` ends it, and the run with it."""
    return Side(f"made.py {what}", [sys.executable, MADE, what, folder, *map(str, numbers)], environment)


def curricle(environment, size=SMALL):
    return Terminal([PROGRAM], environment, size)


def leet(path, environment, size=SMALL):
    return Terminal([*WANDB, "leet", path], environment, size)


def kept(name, make):
    """A folder of LEET's data that takes long to make: made once, whole or not at all."""
    folder, part = KEPT / name, KEPT / f"{name}.part"
    if not folder.exists():
        print(f"making {folder}, once …", file=sys.stderr, flush=True)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        make(part)
        part.rename(folder)
    return folder / "wandb"


def leet_run(steps):
    """A run of LEET that is done."""

    def make(folder):
        with home() as (_, environment):
            subprocess.run([sys.executable, MADE, "leet", folder, str(PACE), str(steps)], env=environment, check=True)

    return next(kept(f"steps-{steps}", make).glob("offline-run-*"))


def leet_runs(count):
    """A folder of many runs of LEET: one of them over and over, under names of their own."""
    run = next(leet_run(2 * PER_EPOCH).glob("*.wandb"))

    def make(folder):
        for number in range(count):
            copy = folder / "wandb" / f"offline-run-20260101_{number:06}-made{number:04}"
            (copy / "files").mkdir(parents=True)
            shutil.copy(run, copy / f"run-made{number:04}.wandb")

    return kept(f"runs-{count}", make)


def in_turn(pairs, *measures):
    """Values of several measurements, one list each. Who begins changes from round to round; a first round warms the caches."""
    values = [[] for _ in measures]
    for number in range(pairs + 1):
        for place in sorted(range(len(measures)), reverse=number % 2 == 1):
            value = measures[place]()
            if number:
                values[place].append(value)
    return values


def beside(job, unit, ours, others, bar, aim=None, peer=LEET, **more):
    """A row with a bar of its own, and what the other comes to in the same unit."""
    return alone(job, unit, ours, bar, aim, peer=peer, others=others, **more)


def until_shown(terminal, pattern):
    """Seconds from the start of a program until it shows a pattern, and the memory that it took."""
    with terminal:
        return terminal.until(pattern) - terminal.began, terminal.memory()


def listed(count):
    """The pattern of a whole list of runs: how many there are, the newest of them, keys."""
    return rf"(?s)\[5 Runs\] +{f'{count:,}'.replace(',', ',?')} runs.*experiment.*made {count // 5 - 1} .*\? help"


def their_list(count):
    """The pattern of LEET's list of so many runs."""
    return rf"Runs \[[^]]*\b{f'{count:,}'.replace(',', ',?')}\b"


def open_live(environment, size):
    """The screen with the live run in Train, and everything over that its start set going."""
    found = subprocess.run([PROGRAM, "runs", "list", "--json"], env=environment, capture_output=True, check=True, text=True).stdout
    if [run["state"] for run in json.loads(found)] != ["training"]:
        raise SystemExit(f"error: the made run does not count as training: bring `Run` in line with docs/run-directory.md; listed is {found}")
    terminal = curricle(environment, size)
    terminal.until(r"\[5 Runs\].* training")
    terminal.press("2")
    terminal.until(r"(?s)\[2 Train\].*step +[\d,]+ of .*train loss +\d")
    terminal.until_still(0.1)
    return terminal
