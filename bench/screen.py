"""Jobs of the front end: how soon it shows something and answers a key, and what watching a run costs, beside W&B LEET.

Both sides run in a pseudo-terminal with settings of their own. A thread only notes which bytes arrived when; what they look
like is worked out by pyte afterwards, so that looking takes no time from what is measured. Live runs are written by a
process of their own, `screen.py curricle|leet FOLDER …`, from the same numbers at the same pace.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

import numpy as np
import pyte

from pairs import Side, alone

HOME = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = HOME / "target" / "release" / "curricle"
WANDB = HOME / ".bench" / "venv" / "bin" / "wandb"
KEPT = HOME / ".bench" / "leet"
LEET = "W&B LEET"
HOST = os.uname().nodename

SMALL, LARGE = (80, 24), (140, 45)
# Seconds of a watch and of an idle spell; how long a screen must write nothing to count as still.
WATCH, IDLE, STILL = 60, 10, 3
# A live run is one of `quickstart` that has done its first epoch when it is opened: images of a batch, steps, steps a second.
BATCH, PER_EPOCH, STEPS, PACE = 50, 160, 1920, 5
# Keys of one round, and events a second meanwhile.
KEYS, EVENTS = 200, 1000
LONG = 1_000_000

# What programs ask a terminal, and what one with synchronized updates and a dark ground answers.
ANSWERS = {b"\x1b[c": b"\x1b[?62;22c", b"\x1b]11;?": b"\x1b]11;rgb:1010/1010/1010\x1b\\", b"\x1b[?2026$p": b"\x1b[?2026;2$y"}
BEGIN, END = b"\x1b[?2026h", b"\x1b[?2026l"


class Picture(pyte.Screen):
    """What a terminal shows, with the one movement that LEET uses and pyte does not know: back to the tab stop before."""

    def back_tab(self, count=None):
        for _ in range(count or 1):
            self.cursor.x = max((stop for stop in self.tabstops if stop < self.cursor.x), default=0)


class Stream(pyte.ByteStream):
    """What a program writes, in the same language."""

    csi = {**pyte.ByteStream.csi, "Z": "back_tab"}
    events = pyte.ByteStream.events | {"back_tab"}


class Terminal:
    """A program in a pseudo-terminal, the bytes that it wrote with their times, and what they look like."""

    def __init__(self, command, environment, size):
        self.size, self.parts, self.drawn, self.text, self.at, self.updating = size, [], 0, "", 0.0, False
        self.screen = Picture(*size)
        self.stream = Stream(self.screen)
        self.news = threading.Condition()
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self):
        # When the program is gone, reading fails.
        with contextlib.suppress(OSError):
            while part := os.read(self.master, 65536):
                with self.news:
                    self.parts.append((time.monotonic(), part))
                    self.news.notify()
                for question, answer in ANSWERS.items():
                    if question in part:
                        os.write(self.master, answer)

    def draw(self, patience=0.0):
        """Draws the next bytes; whether there were any within so many seconds. Of an update that is not over nothing is seen."""
        with self.news:
            if not self.news.wait_for(lambda: self.drawn < len(self.parts), patience):
                return False
            self.at, part = self.parts[self.drawn]
        self.drawn += 1
        self.stream.feed(part)
        if BEGIN in part or END in part:
            self.updating = part.rfind(BEGIN) > part.rfind(END)
        if not self.updating:
            rows = (self.screen.buffer[y] for y in range(self.size[1]))
            self.text = "\n".join("".join(row[x].data for x in range(self.size[0])) for row in rows)
        return True

    def until(self, pattern, patience=60):
        """Waits until the screen shows a pattern; the time at which the bytes arrived that made it so."""
        end = time.monotonic() + patience
        while not re.search(pattern, self.text):
            if not self.draw(end - time.monotonic()):
                raise SystemExit(f"error: {self.process.args[0]} never showed `{pattern}`: is the pattern out of date? The screen:\n{self.text}")
        return self.at

    def until_still(self, seconds):
        """Waits until nothing was written for a while and no helper process is left: what a start sets going is over."""
        end = time.monotonic() + 60
        while self.draw(seconds) or len(family(self.process.pid)) > 1:
            if time.monotonic() > end:
                raise SystemExit(f"error: {self.process.args[0]} is never still; the screen:\n{self.text}")

    def press(self, key):
        """Presses a key; when. All that was written before is drawn, so that what is seen next is the answer."""
        while self.draw():
            pass
        moment = time.monotonic()
        os.write(self.master, key.encode())
        return moment

    def leave_alone(self, seconds):
        """What the program writes and takes in a time: bytes a second, per cent of a core, peak memory; begin and end of it."""
        before, begin = usage(self.process.pid), time.monotonic()
        time.sleep(seconds)
        end, after = time.monotonic(), usage(self.process.pid)
        processor = sum(now - before.get(member, (0, 0))[0] for member, (now, _) in after.items())
        written = sum(len(part) for moment, part in list(self.parts) if begin <= moment < end)
        costs = {"bytes": written / (end - begin), "cpu": 100 * processor / (end - begin), "memory": sum(peak for _, peak in after.values())}
        return costs, begin, end

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for member in family(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        self.process.wait()
        self.listener.join(5)
        os.close(self.master)


def family(pid):
    """A process and all that descend from it."""
    found = [pid]
    for member in found:
        for children in pathlib.Path(f"/proc/{member}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def usage(pid):
    """Seconds of the processor and peak memory in MB of each process of a family. The kernel has a clock for every process."""
    found = {}
    for member in family(pid):
        # One that has just ended has neither.
        with contextlib.suppress(OSError, TypeError):
            peak = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{member}/status").read_text())[1]
            found[member] = time.clock_gettime(~member << 3 | 2), int(peak) / 1024
    return found


class Course:
    """The numbers of a run, step by step, in the engine's precision: what both sides are given to show."""

    def __init__(self, steps, seed=0):
        share, draw = np.arange(steps + 1) / steps, np.random.default_rng(seed)
        loss = 0.15 + 2.2 * np.exp(-4 * share) + 0.08 * draw.normal(size=steps + 1) * (0.3 + np.exp(-3 * share))
        self.steps, self.loss = steps, loss.astype(np.float32).astype(float)
        accuracy = 0.1 + 0.85 * (1 - np.exp(-5 * share)) + 0.04 * draw.normal(size=steps + 1)
        self.accuracy, self.test = np.round(BATCH * accuracy.clip(0, 1)) / BATCH, np.round(900 - 800 * np.exp(-5 * share)) / 1000
        self.lr, self.norm = 0.05 * (1 + np.cos(np.pi * share)), 82 + 30 * np.sqrt(share)
        # By how much of a step each one ends too early or too late.
        self.jitter = 0.05 * draw.normal(size=steps + 1)


class Run:
    """A run directory as the engine writes it (`docs/run-directory.md`), by Python alone."""

    def __init__(self, runs, number, name, steps, per_epoch, pace=PACE):
        self.path = runs / f"20260101-{number:06}-{name.replace(' ', '-')}-made"
        for part in ("commands", "checkpoints", "state"):
            (self.path / part).mkdir(parents=True)
        self.course, self.per_epoch, self.pace, self.step, self.seq, self.beats = Course(steps, number), per_epoch, pace, 0, 0, 0
        self.epochs, self.wall = -(-steps // per_epoch), time.time()
        experiment = f'name = "{name}"\n[data]\nset = "glyphs"\n[network]\nkind = "preresnet"\ndepth = 8\n[training]\nepochs = {self.epochs}\n'
        created = f"2026-01-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00.000Z"
        machine = {"libtorch": "none", "engine": "bench", "device": "cpu", "threads": 1, "precision": "f32", "host": HOST, "parameters": 77850}
        record = {"format": 1, "id": self.path.name, "name": name, "created": created, "version": "0.1.0", "commit": "", "kind": "training",
                  "set": "glyphs", "network": "preresnet 8", "seeds": dict.fromkeys(("weights", "order", "augmentation"), number % 5),
                  "epochs": self.epochs, "steps": None, "tags": [], "notes": "", "machine": machine}
        for file, text in {"experiment.toml": experiment, "resolved.toml": experiment, "run.json": json.dumps(record), "lock": "{}"}.items():
            (self.path / file).write_text(text)
        self.events = open(self.path / "events.jsonl", "w", buffering=1 << 22)
        self.append("started", 0, steps=steps, epochs=self.epochs, steps_per_epoch=per_epoch, batch=BATCH, parameters=77850, device="cpu",
                    device_reason="", precision="f32", precision_reason="", threads=1, train_images=per_epoch * BATCH, holdout_images=0,
                    test_images=1000, classes=["C", "E"], select_on="last", oracle=False)

    def append(self, kind, step, **fields):
        """Adds an event, which reaches readers when it is flushed."""
        moment = self.wall + (step + self.course.jitter[step]) / self.pace
        head = {"seq": self.seq, "step": step, "epoch": -(-step // self.per_epoch), "time": moment, "kind": kind}
        self.events.write(json.dumps({**head, **fields}, separators=(",", ":")) + "\n")
        self.seq += 1

    def go_on(self, to):
        """Adds the events of all steps up to one. How many steps an event covers is what the engine takes on a CPU."""
        course, covered = self.course, -(-self.course.steps // 50_000)
        for step in range(self.step + 1, min(to, course.steps) + 1):
            norms = {"norm_sum": course.norm[step], "norm_global": course.norm[step] / 4}
            if step % covered == 0 or step == course.steps:
                first = (step - 1) // covered * covered + 1
                self.append("step", step, first=first, loss=course.loss[first : step + 1].tolist(), accuracy=course.accuracy[first : step + 1].tolist(),
                            lr=course.lr[step], **norms, images=step * BATCH, forward=float(step), backward=float(step))
            if step % self.per_epoch == 0 or step == course.steps:
                self.append("evaluation", step, set="test", loss=course.loss[step], accuracy=course.test[step], correct=round(1000 * course.test[step]),
                            total=1000, train_loss=course.loss[step], train_accuracy=course.accuracy[step], best=False, **norms)
            self.step = step

    def stand(self, state, **more):
        """Hands the events to readers and replaces `status.json` by rename."""
        self.events.flush()
        self.beats += 1
        evaluated = self.step // self.per_epoch * self.per_epoch
        status = {"state": state, "pid": os.getpid(), "host": HOST, "step": self.step, "steps": self.course.steps,
                  "epoch": -(-self.step // self.per_epoch), "epochs": self.epochs, "heartbeat": self.beats, "time": time.time(), "generation": 0,
                  "loss": self.course.loss[self.step], "accuracy": self.course.test[evaluated] if evaluated else None,
                  "seconds": self.step / self.pace, **more}
        part = self.path / ".status.json.abcdefgh.part"
        part.write_text(json.dumps(status) + "\n")
        part.rename(self.path / "status.json")

    def finish(self):
        """Goes on to the end."""
        self.go_on(self.course.steps)
        self.append("finished", self.step, state="done", reason=f"{self.step} steps", loss=self.course.loss[-1], accuracy=self.course.test[-1],
                    seconds=self.step / self.pace)
        self.stand("done", exit=0)
        self.events.close()


def finished_runs(runs, count):
    """So many short runs that are done: five seeds of each experiment."""
    for number in range(count):
        Run(runs, number, f"made {number // 5}", 20, 10).finish()


def beats(begin, every):
    """Times that lie evenly, each when it has come, until whoever started this process closes its input."""
    for number in range(1, sys.maxsize):
        due = begin + number * every
        if select.select([sys.stdin], [], [], max(0, due - time.monotonic()))[0]:
            return
        yield due


def say_begun(directory):
    """Tells whoever waits where the run is and when it has done its first epoch: now."""
    begin = time.monotonic()
    print(json.dumps({"directory": str(directory), "begin": begin}), flush=True)
    return begin


def write_curricle(folder, pace, tick):
    """A run that is training: its lock is held, events reach readers at ticks, the status is replaced once a second."""
    # No more steps than events: an engine with a longer plan would write one event for several of them.
    run = Run(pathlib.Path(folder), 0, "live", min(50_000, int(STEPS * max(1, pace / PACE))), PER_EPOCH, pace)
    lock = open(run.path / "lock", "r+")
    fcntl.fcntl(lock, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    lock.write(json.dumps({"pid": os.getpid(), "host": HOST}))
    lock.flush()
    run.wall -= PER_EPOCH / pace
    run.go_on(PER_EPOCH)
    run.stand("training")
    begin = say_begun(run.path)
    # Ticks lie so that a step waits for the next one as long as it does on average: half a tick.
    for number, due in enumerate(beats(begin - tick / 2, tick)):
        run.go_on(PER_EPOCH + int((due - begin) * pace))
        run.events.flush()
        if number % round(1 / tick) == 0:
            run.stand("training")


def write_leet(folder, pace, steps):
    """A run of wandb from the same numbers: `steps` of them and done, or as live as the other one where that is 0."""
    import wandb

    settings = wandb.Settings(silent=True, console="off")
    run = wandb.init(project="bench", name="bench", dir=folder, mode="offline", config={"batch": BATCH, "lr": 0.1, "seed": 0}, settings=settings)
    course = Course(int(steps) or STEPS)

    def log(step):
        values = {"train/loss": course.loss[step], "train/accuracy": course.accuracy[step]}
        if steps != LONG:
            values |= {"learning_rate": course.lr[step], "weight_norm": course.norm[step], "images_per_second": BATCH * pace * (1 + course.jitter[step])}
            values |= {} if step % PER_EPOCH else {"test/accuracy": course.test[step]}
        run.log(values, step=step)

    for step in range(1, int(steps or PER_EPOCH) + 1):
        log(step)
    if not steps:
        for step, _ in enumerate(beats(say_begun(pathlib.Path(run.dir).parent), 1 / pace), PER_EPOCH + 1):
            log(step)
    run.finish()


@contextlib.contextmanager
def home():
    """A folder for runs with nothing in it, and variables that keep both programs within what lies beside it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if not PROGRAM.exists():
            raise SystemExit(f"error: {PROGRAM} is missing: run `make build`")
        own = ("WANDB", "XDG_", "CURRICLE_", "LC_", "COLORTERM", "NO_COLOR", "TMUX")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        environment |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "WANDB_MODE": "offline", "WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true"}
        for name in ("CURRICLE_RUNS", *(f"XDG_{part}_HOME" for part in ("CONFIG", "CACHE", "DATA")),
                     "WANDB_DIR", *(f"WANDB_{part}_DIR" for part in ("CONFIG", "CACHE", "DATA"))):
            environment[name] = f"{folder}/{name.lower()}"
            os.mkdir(environment[name])
        yield pathlib.Path(environment["CURRICLE_RUNS"]), environment


def writing(what, folder, environment, *numbers):
    """Starts a process that writes a run; `.end()` ends it, and the run with it."""
    return Side(f"screen.py {what}", [sys.executable, __file__, what, folder, *map(str, numbers)], environment)


def curricle(environment, size=SMALL):
    return Terminal([PROGRAM], environment, size)


def leet(path, environment, size=SMALL):
    return Terminal([WANDB, "leet", path], environment, size)


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
            subprocess.run([sys.executable, __file__, "leet", folder, str(PACE), str(steps)], env=environment, check=True)

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


def seldom(options):
    """How often a job is repeated that takes long and is a mean, or a percentile, of much."""
    return max(1, options.pairs // 3)


def beside(job, unit, ours, others, bar, aim=None, peer=LEET, **more):
    """A row with a bar of its own, and what the other comes to in the same unit."""
    return alone(job, unit, ours, bar, aim, peer=peer, peer_value=statistics.median(others), peer_values=others, **more)


def seconds_until(terminal, pattern):
    with terminal:
        return terminal.until(pattern) - terminal.began


def listed(count):
    """The pattern of a whole list of runs: how many there are, the newest of them, keys."""
    return rf"(?s)\[5 Runs\] +{f'{count:,}'.replace(',', ',?')} runs.*experiment.*made {count // 5 - 1} .*\? help"


def starting(count, their_run, jobs):
    """Jobs from the start of the process until a pattern stands on the screen: for each those of both sides, bar and aim."""

    def run(name, options):
        with home() as (runs, environment):
            finished_runs(runs, count)
            path, rows = their_run(), []
            for job, (our_pattern, their_pattern, bar, aim) in jobs.items():
                ours, others = in_turn(options.pairs, lambda: seconds_until(curricle(environment), our_pattern),
                                       lambda: seconds_until(leet(path, environment), their_pattern))
                rows.append(beside(name + job, "s", ours, others, bar, aim))
        return rows

    return run


def print_help(name, options):
    def measure():
        began = time.monotonic()
        subprocess.run([PROGRAM, "--help"], capture_output=True, check=True)
        return time.monotonic() - began

    return [alone(name, "s", in_turn(options.pairs, measure)[0], 0.05, 0.005)]


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


def answer_times():
    """The 99th percentiles of the screen and of the counter, which are asked in turn, while events come a hundred times a second.

    Pauses between keys are uneven, so that keys meet every phase of the screen's own work.
    """
    pauses = np.random.default_rng(0).uniform(0.02, 0.1, (KEYS, 2)).tolist()
    with home() as (runs, environment):
        run = writing("curricle", runs, environment, EVENTS, 0.01)
        with open_live(environment, SMALL) as terminal, Terminal(COUNTER, environment, SMALL) as counter:
            counter.until(r"\A0 ")
            times = [(answer_time(terminal, before, *ROUND[number % len(ROUND)]), answer_time(counter, after, "x", rf"\A{number + 1} "))
                     for number, (before, after) in enumerate(pauses)]
        run.end()
    return [float(np.percentile(side, 99)) for side in zip(*times)]


def key(name, options):
    ours, counter = zip(*(answer_times() for _ in range(seldom(options))))
    return [beside(name, "s", ours, counter, 0.05, peer="a shell that counts keys", keys=KEYS)]


METRICS = ["train loss", "test accuracy", "learning rate", "weight norm", "images per second", "train accuracy"]


def our_metrics(text):
    """Metrics of which name, value and sparkline are in view."""
    return sum(bool(re.search(rf"{name} +[\d.,]+ +[▁-█]", text)) for name in METRICS)


def their_metrics(text):
    """Metrics of which the chart is in view, by LEET's own word; the newest values of all stand beside in its overview."""
    found = re.search(r"Metrics \[(\d+)-(\d+) of \d+\]", text)
    return int(found[2]) - int(found[1]) + 1 if found else 0


def watch(terminal, begun, pattern, metrics):
    """What watching a live run costs, and what is seen: the metrics at the end, and how old the newest step shown is, as a mean over time."""
    step = lambda: int(re.search(pattern, terminal.text)[1].replace(",", ""))
    terminal.until(pattern)
    while step() <= PER_EPOCH:
        if not terminal.draw(60):
            raise SystemExit(f"error: {terminal.process.args[0]} never shows a new step; the screen:\n{terminal.text}")
    costs, begin, end = terminal.leave_alone(WATCH)
    age, last = 0.0, begin
    while last < end:
        done = begun + (step() - PER_EPOCH) / PACE
        until = min(end, max(begin, terminal.at)) if terminal.draw() else end
        age, last = age + (until - last) * ((last + until) / 2 - done), until
    return {**costs, "age": age / (end - begin), "metrics": metrics(terminal.text), "screen": terminal.text}


def watch_one(what, tick, open_live_run, pattern, metrics):
    with home() as (runs, environment):
        run = writing(what, runs, environment, PACE, tick)
        with open_live_run(run.about["directory"], environment) as terminal:
            seen = watch(terminal, run.about["begin"], pattern, metrics)
        run.end()
    return seen


def watching(size):
    bars = {"bytes": ("B/s", 300, 100), "cpu": ("%", 1, 0.3), "memory": ("MB", 50, None), "age": ("s", 0.5, None), "metrics": ("of 6", 6, None)}

    def run(name, options):
        watch_ours = lambda: watch_one("curricle", 0.1, lambda _, environment: open_live(environment, size), r"step +([\d,]+) of", our_metrics)
        watch_theirs = lambda: watch_one("leet", 0, lambda path, environment: leet(path, environment, size), r"_step +(\d+)", their_metrics)
        ours, others = zip(*((watch_ours(), watch_theirs()) for _ in range(seldom(options))))
        of = lambda side, what: [seen[what] for seen in side]
        all_seen = {"met": min(of(ours, "metrics")) == len(METRICS)}
        if not all_seen["met"]:
            print(f"{name}: not all metrics are in view:\n{ours[-1]['screen']}", file=sys.stderr)
        return [beside(f"{name}-{what}", unit, of(ours, what), of(others, what), bar, aim, **(all_seen if what == "metrics" else {}))
                for what, (unit, bar, aim) in bars.items()]

    return run


def idle(name, options):
    """The list of 200 runs, none of which lives, when all that the start set going is over."""
    found = []
    with home() as (runs, environment):
        finished_runs(runs, 200)
        for _ in range(seldom(options)):
            with curricle(environment) as terminal:
                terminal.until(listed(200))
                terminal.until_still(STILL)
                found.append(terminal.leave_alone(IDLE)[0])
    return [alone(f"{name}-{what}", unit, [costs[what] for costs in found], bar) for what, unit, bar in (("bytes", "B/s", 0), ("cpu", "%", 0.1))]


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
    return changed - begun, sum(peak for _, peak in usage(terminal.process.pid).values())


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
        their_seconds, their_memory = zip(*(open_theirs(path, environment) for _ in range(seldom(options))))
    return [beside(name, "s", seconds, their_seconds, 1, 0.2), beside(f"{name}-memory", "MB", memory, their_memory, 100)]


A_CHART = "(?s)([\u2801-\u28ff].*?){5}"
# The first picture has no list yet; LEET's first one with a chart is beside both it and the one with the list.
FIRST = {"": (r"(?s)\[5 Runs\].*╰─+.*\? help", A_CHART, 0.15, 0.05), "-with-list": (listed(200), A_CHART, None, None)}
LIST = {"": (listed(1000), r"Runs \[[^]]*\b1,?000\b", 0.3, 0.05)}

JOBS = {
    "first-frame": starting(200, lambda: leet_run(2 * PER_EPOCH), FIRST),
    "help": print_help,
    "key": key,
    "watch-80x24": watching(SMALL),
    "watch-140x45": watching(LARGE),
    "idle": idle,
    "list-1000": starting(1000, lambda: leet_runs(1000), LIST),
    "open-1000000": open_long,
}

if __name__ == "__main__":
    {"curricle": write_curricle, "leet": write_leet}[sys.argv[1]](sys.argv[2], *map(float, sys.argv[3:]))
