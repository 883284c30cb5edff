"""Jobs of the front end: how soon it shows something, how soon it answers a key, and what watching a run costs, beside W&B LEET.

Both sides run in a pseudo-terminal with settings of their own. A thread only notes which bytes arrived when; what they
look like is worked out by pyte afterwards, so that looking takes no time from what is measured. Live runs are written by a
process of their own, `screen.py curricle|leet …`, from the same numbers at the same pace.
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
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time

import numpy as np

from pairs import Side, alone

try:
    import pyte
except ImportError:
    sys.exit("error: the jobs of the screen need pyte and wandb: run `.bench/venv/bin/pip install pyte==0.8.2 wandb==0.31.0`")

HOME = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = HOME / "target" / "release" / "curricle"
WANDB = HOME / ".bench" / "venv" / "bin" / "wandb"
KEPT = HOME / ".bench" / "leet"
LEET = "W&B LEET"

SMALL, LARGE = (80, 24), (140, 45)
# Seconds of one watch and of one idle spell; how long a screen must write nothing to count as still.
WATCH, IDLE, STILL = 60, 10, 3
# A live run is one of `quickstart`: it has done its first epoch when it is opened, and goes on at so many steps a second.
BATCH, PER_EPOCH, EPOCHS, PACE = 50, 160, 12, 5
KEYS, EVENTS = 200, 1000
LONG = 1_000_000


# ── the terminal ──────────────────────────────────────────────────────────────────────────────────────────────────────

# What programs ask a terminal, and what one with synchronized updates and a dark ground answers.
ANSWERS = {b"\x1b[c": b"\x1b[?62;22c", b"\x1b]11;?": b"\x1b]11;rgb:1010/1010/1010\x1b\\", b"\x1b[?2026$p": b"\x1b[?2026;2$y"}
BEGIN, END = b"\x1b[?2026h", b"\x1b[?2026l"


class Terminal:
    """A program in a pseudo-terminal, the bytes that it wrote with their times, and what they look like."""

    def __init__(self, command, environment, size):
        self.size, self.parts, self.drawn, self.ended = size, [], 0, False
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.text, self.at, self.updating = "", 0.0, False
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
        while not self.ended:
            try:
                part = os.read(self.master, 65536)
            except OSError:
                part = b""
            with self.news:
                self.parts.append((time.monotonic(), part))
                self.ended = not part
                self.news.notify()
            for question, answer in ANSWERS.items():
                if question in part:
                    os.write(self.master, answer)

    def draw(self, patience=0.0):
        """Draws the next bytes; whether there were any within so many seconds. In an update that is not over nothing is seen."""
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
                raise SystemExit(f"error: {self.process.args[0]} never showed `{pattern}`; it shows:\n{self.text}")
        return self.at

    def until_still(self, seconds):
        """Waits until nothing was written for a while and no helper process is left: what a start sets going is over."""
        end = time.monotonic() + 60
        while self.draw(seconds) or len(family(self.process.pid)) > 1:
            if time.monotonic() > end:
                raise SystemExit(f"error: {self.process.args[0]} is never still; it shows:\n{self.text}")

    def press(self, key):
        """Presses a key; when. All that was written before is drawn, so that what is seen next is the answer."""
        while self.draw():
            pass
        moment = time.monotonic()
        os.write(self.master, key.encode())
        return moment

    def written(self, begin, end):
        """Bytes that arrived in a time."""
        return sum(len(part) for moment, part in list(self.parts) if begin <= moment < end)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        members = family(self.process.pid)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
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


def processor_seconds(pid):
    """Time of the processor that each process of a family has used, by the kernel's clock of that process."""
    used = {}
    for member in family(pid):
        with contextlib.suppress(OSError):
            used[member] = time.clock_gettime(~member << 3 | 2)
    return used


def peak_memory(pid):
    """The most memory that the processes of a family ever had, in MB, added up."""
    files = (pathlib.Path(f"/proc/{member}/status") for member in family(pid))
    return sum(int(line.split()[1]) / 1024 for file in files if file.exists() for line in file.read_text().splitlines() if line.startswith("VmHWM"))


# ── the runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Course:
    """What both sides are given to show: the numbers of a run, step by step, in the engine's precision."""

    def __init__(self, steps, seed=0):
        self.steps, draw = steps, np.random.default_rng(seed)
        share = np.arange(steps + 1) / steps
        single = lambda values: values.astype(np.float32).astype(float)
        self.loss = single(0.15 + 2.2 * np.exp(-4 * share) + 0.08 * draw.normal(size=steps + 1) * (0.3 + np.exp(-3 * share)))
        accuracy = 0.1 + 0.85 * (1 - np.exp(-5 * share)) + 0.04 * draw.normal(size=steps + 1)
        self.accuracy = np.round(BATCH * accuracy.clip(0, 1)) / BATCH
        self.test = np.round(1000 * (0.1 + 0.8 * (1 - np.exp(-5 * share)))) / 1000
        self.rate = 0.05 * (1 + np.cos(np.pi * share))
        self.norm = 82 + 30 * np.sqrt(share)
        # How much longer or shorter a step takes than it should.
        self.jitter = 0.05 * draw.normal(size=steps + 1)


class Run:
    """A run directory as the engine writes it (`docs/run-directory.md`), with nothing but Python."""

    def __init__(self, runs, number, name, steps, per_epoch, rate=PACE):
        self.path = runs / f"20260101-{number:06}-{name.replace(' ', '-')}-made"
        for part in ("commands", "checkpoints", "state"):
            (self.path / part).mkdir(parents=True)
        self.course, self.per_epoch, self.rate, self.step, self.seq, self.beats = Course(steps, number), per_epoch, rate, 0, 0, 0
        self.epochs = -(-steps // per_epoch)
        # Steps that one `step` event covers, as the engine chooses it on a CPU.
        self.record_every = -(-steps // 50_000)
        self.wall = time.time()
        experiment = f'name = "{name}"\n[data]\nset = "glyphs"\n[network]\nkind = "preresnet"\ndepth = 8\n[training]\nepochs = {self.epochs}\n'
        machine = {"libtorch": "none", "engine": "bench", "device": "cpu", "threads": 1, "precision": "f32", "host": socket.gethostname()}
        minutes, seconds = divmod(number, 60)
        record = {"format": 1, "id": self.path.name, "name": name, "created": f"2026-01-01T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.000Z",
                  "version": "0.1.0", "commit": "", "kind": "training", "set": "glyphs", "network": "preresnet 8",
                  "seeds": dict.fromkeys(("weights", "order", "augmentation"), number % 5), "epochs": self.epochs, "steps": None,
                  "tags": [], "notes": "", "machine": {**machine, "parameters": 77850}}
        for file, text in {"experiment.toml": experiment, "resolved.toml": experiment, "run.json": json.dumps(record), "lock": "{}"}.items():
            (self.path / file).write_text(text)
        self.events = open(self.path / "events.jsonl", "w", buffering=1 << 22)
        self.event("started", 0, steps=steps, epochs=self.epochs, steps_per_epoch=per_epoch, batch=BATCH, parameters=77850, device="cpu",
                   device_reason="", precision="f32", precision_reason="", threads=1, train_images=per_epoch * BATCH, holdout_images=0,
                   test_images=1000, classes=["C", "E"], select_on="last", oracle=False)

    def when(self, step):
        """When a step was done, by the clock on the wall."""
        return self.wall + (step + self.course.jitter[step]) / self.rate

    def event(self, kind, step, **fields):
        head = {"seq": self.seq, "step": step, "epoch": -(-step // self.per_epoch), "time": self.when(step), "kind": kind}
        self.events.write(json.dumps({**head, **fields}, separators=(",", ":")) + "\n")
        self.seq += 1

    def go_on(self, to):
        """Appends the events of all steps up to one; they reach readers when they are flushed."""
        course, to = self.course, min(to, self.course.steps)
        for step in range(self.step + 1, to + 1):
            if step % self.record_every == 0 or step == course.steps:
                first = (step - 1) // self.record_every * self.record_every + 1
                self.event("step", step, first=first, loss=course.loss[first : step + 1].tolist(), accuracy=course.accuracy[first : step + 1].tolist(),
                           lr=course.rate[step], norm_sum=course.norm[step], norm_global=course.norm[step] / 4, images=step * BATCH,
                           forward=float(step), backward=float(step))
            if step % self.per_epoch == 0 or step == course.steps:
                self.event("evaluation", step, set="test", loss=course.loss[step], accuracy=course.test[step], correct=int(1000 * course.test[step]),
                           total=1000, train_loss=course.loss[step], train_accuracy=course.accuracy[step], best=False,
                           norm_sum=course.norm[step], norm_global=course.norm[step] / 4)
        self.step = to

    def stand(self, state, **more):
        """Hands the events to readers and, as the engine does once a second, replaces `status.json` by rename."""
        self.events.flush()
        self.beats += 1
        evaluated = self.step // self.per_epoch * self.per_epoch
        status = {"state": state, "pid": os.getpid(), "host": socket.gethostname(), "step": self.step, "steps": self.course.steps,
                  "epoch": -(-self.step // self.per_epoch), "epochs": self.epochs, "heartbeat": self.beats, "time": time.time(), "generation": 0,
                  "loss": self.course.loss[self.step], "accuracy": self.course.test[evaluated] if evaluated else None,
                  "seconds": self.step / self.rate, **more}
        part = self.path / ".status.json.abcdefgh.part"
        part.write_text(json.dumps(status) + "\n")
        part.rename(self.path / "status.json")

    def finish(self):
        """Goes on to the end."""
        self.go_on(self.course.steps)
        self.event("finished", self.step, state="done", reason=f"{self.step} steps", loss=self.course.loss[-1], accuracy=self.course.test[-1],
                   seconds=self.step / self.rate)
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
    run = Run(pathlib.Path(folder), 0, "live", PER_EPOCH * EPOCHS * max(1, int(pace / PACE)), PER_EPOCH, pace)
    lock = open(run.path / "lock", "r+")
    fcntl.fcntl(lock, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    json.dump({"pid": os.getpid(), "host": socket.gethostname()}, lock)
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


def point(course, step, pace):
    """The six metrics of a step, as a user of wandb logs them; the accuracy on the test set after each epoch."""
    values = {"train/loss": course.loss[step], "train/accuracy": course.accuracy[step], "learning_rate": course.rate[step],
              "weight_norm": course.norm[step], "images_per_second": BATCH * pace * (1 + course.jitter[step])}
    return values if step % PER_EPOCH else {**values, "test/accuracy": course.test[step]}


def write_leet(folder, pace, steps):
    """A run of wandb: `steps` of them and done, or as live as the other one where that is 0."""
    import wandb

    settings = wandb.Settings(silent=True, console="off", x_disable_stats=steps > 0)
    run = wandb.init(project="bench", name="bench", dir=folder, mode="offline", config={"batch": BATCH, "lr": 0.1, "seed": 0}, settings=settings)
    directory = pathlib.Path(run.dir).parent
    course = Course(int(steps) or PER_EPOCH * EPOCHS)
    if steps == LONG:
        for step in range(1, LONG + 1):
            run.log({"train/loss": course.loss[step], "train/accuracy": course.accuracy[step]}, step=step)
    else:
        for step in range(1, int(steps or PER_EPOCH) + 1):
            run.log(point(course, step, pace), step=step)
        begin = say_begun(directory)
        for number, _ in enumerate(beats(begin, 1 / pace) if not steps else (), PER_EPOCH + 1):
            run.log(point(course, number, pace), step=number)
    run.finish()


# ── both sides ────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def home():
    """A folder with nothing in it and the variables that keep both programs within it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        folder = pathlib.Path(folder)
        own = ("WANDB", "XDG_", "CURRICLE_", "LC_", "COLORTERM", "NO_COLOR", "TMUX")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        environment |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", "CURRICLE_RUNS": str(folder / "runs"), "WANDB_MODE": "offline",
                        "WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true"}
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "WANDB_CONFIG_DIR", "WANDB_CACHE_DIR", "WANDB_DATA_DIR"):
            environment[name] = str(folder / name.lower())
        (folder / "runs").mkdir()
        yield folder / "runs", environment


def writer(what, folder, environment, *numbers):
    """Starts a process that writes a run; `.end()` ends it, and the run with it."""
    return Side(f"screen.py {what}", [sys.executable, __file__, what, folder, *map(str, numbers)], environment)


def curricle(environment, size=SMALL):
    return Terminal([str(PROGRAM)], environment, size)


def leet(path, environment, size=SMALL):
    if not WANDB.exists():
        raise SystemExit(f"error: there is no LEET at {WANDB}: run `.bench/venv/bin/pip install wandb==0.31.0`")
    return Terminal([str(WANDB), "leet", str(path)], environment, size)


def kept(name, make):
    """A folder of LEET's data that takes long to make: made once, whole or not at all."""
    folder = KEPT / name
    if not folder.exists():
        part = KEPT / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        make(part)
        part.rename(folder)
    return folder


def leet_run(steps):
    """A run of LEET that is done."""

    def make(folder):
        with home() as (_, environment):
            print(f"writing {steps:,} steps for LEET, once …", file=sys.stderr, flush=True)
            subprocess.run([sys.executable, __file__, "leet", folder, str(PACE), str(steps)], env=environment, stdout=subprocess.DEVNULL, check=True)

    return next(kept(f"steps-{steps}", make).glob("wandb/offline-run-*"))


def leet_runs(count):
    """A folder of many runs of LEET: one of them over and over, under names of their own."""
    run = leet_run(2 * PER_EPOCH)

    def make(folder):
        for number in range(count):
            copy = folder / "wandb" / f"offline-run-20260101_{number:06}-made{number:04}"
            (copy / "files").mkdir(parents=True)
            shutil.copy(next(run.glob("*.wandb")), copy / f"run-made{number:04}.wandb")

    return kept(f"runs-{count}", make) / "wandb"


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
    """How often a job is repeated that takes a minute and is a mean over it."""
    return max(1, options.pairs // 3)


# ── the jobs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def beside(job, unit, ours, others, bar, aim=None, **more):
    """A row with a bar of its own, and what LEET comes to in the same unit."""
    return alone(job, unit, ours, bar, aim, peer=LEET, peer_value=statistics.median(others), peer_values=others, **more)


def seconds_until(open_terminal, pattern):
    with open_terminal() as terminal:
        return terminal.until(pattern) - terminal.began


def listed(count):
    """The pattern of a list of runs that is whole: how many there are, the newest of them, keys."""
    return rf"(?s)\[5 Runs\] +{f'{count:,}'.replace(',', ',?')} runs.*experiment.*made {count // 5 - 1} .*\? help"


def starting(count, their_run, **told):
    """Jobs from the start of the process until some pattern stands on the screen: for each a pattern of either side, bar and aim."""

    def run(name, options):
        with home() as (runs, environment):
            finished_runs(runs, count)
            path, rows = their_run(), []
            for job, (our_pattern, their_pattern, bar, aim) in told.items():
                ours, others = in_turn(options.pairs, lambda: seconds_until(lambda: curricle(environment), our_pattern),
                                       lambda: seconds_until(lambda: leet(path, environment), their_pattern))
                rows.append(beside(name + job, "s", ours, others, bar, aim))
        return rows

    return run


def print_help(name, options):
    def measure():
        began = time.monotonic()
        subprocess.run([PROGRAM, "--help"], capture_output=True, check=True)
        return time.monotonic() - began

    return [alone(name, "s", in_turn(options.pairs, measure)[0], 0.05, 0.005)]


# Keys of Train and what the screen shows once they are answered: another axis, the crosshair, one box alone, and back.
ROUND = [("X", r"\d +images  "), ("X", r"\d +passes  "), ("X", r" +seconds  "), ("X", r"\d +steps  "), ("c", r"─ loss at \d"), ("c", r"─ loss   "),
         ("z", r"(?s)\A(?!.*─ now ─)"), ("z", r"─ now ─")]


def open_live(environment, size, run):
    """The screen with the live run in Train, and everything over that its start set going."""
    listed = subprocess.run([PROGRAM, "runs", "list", "--json"], env=environment, capture_output=True, check=True, text=True).stdout
    if [one["state"] for one in json.loads(listed)] != ["training"]:
        raise SystemExit(f"error: the made run does not count as training: bring `Run` in line with docs/run-directory.md; listed is {listed}")
    terminal = curricle(environment, size)
    terminal.until(r"\[5 Runs\].* training")
    terminal.press("2")
    terminal.until(r"(?s)\[2 Train\].*step +[\d,]+ of .*train loss +\d")
    while len(family(terminal.process.pid)) > 1:
        terminal.draw(0.1)
    return terminal


def answer_times(options):
    """Seconds from each key to its answer. Pauses between keys are uneven, so that keys meet every phase of the screen's own work."""
    uneven = np.random.default_rng(0)
    with home() as (runs, environment):
        run = writer("curricle", runs, environment, EVENTS, 0.01)
        with open_live(environment, SMALL, run) as terminal:
            times = []
            for number in range(KEYS):
                key, pattern = ROUND[number % len(ROUND)]
                time.sleep(uneven.uniform(0.02, 0.12))
                pressed = terminal.press(key)
                if re.search(pattern, terminal.text):
                    raise SystemExit(f"error: before `{key}` the screen already shows `{pattern}`:\n{terminal.text}")
                times.append(terminal.until(pattern, 10) - pressed)
        run.end()
    return times


def key(name, options):
    rounds = [answer_times(options) for _ in range(seldom(options))]
    middle = statistics.median(time for times in rounds for time in times)
    return [alone(name, "s", [float(np.percentile(times, 99)) for times in rounds], 0.05, middle_of_all=middle, keys=KEYS)]


def number_shown(pattern, text):
    found = re.search(pattern, text)
    return int(found[1].replace(",", "")) if found else None


def watch(terminal, begun, pattern, metrics):
    """Watches a live run and says what it cost and what was seen. The age is that of the newest step shown, at every moment."""
    pid = terminal.process.pid
    while (number_shown(pattern, terminal.text) or 0) <= PER_EPOCH:
        if not terminal.draw(60):
            raise SystemExit(f"error: no new step is ever shown:\n{terminal.text}")
    used, begin = processor_seconds(pid), time.monotonic()
    time.sleep(WATCH)
    end, used_then = time.monotonic(), processor_seconds(pid)
    memory = peak_memory(pid)
    last, ages, whole = begin, 0.0, []
    while last < end:
        step = number_shown(pattern, terminal.text)
        more = terminal.draw()
        until = min(end, max(begin, terminal.at)) if more else end
        ages += (until - last) * ((last + until) / 2 - (begun + (step - PER_EPOCH) / PACE))
        last = until
        whole.append(metrics(terminal.text))
    processor = sum(seconds - used.get(member, 0) for member, seconds in used_then.items())
    return {"bytes": terminal.written(begin, end) / (end - begin), "cpu": 100 * processor / (end - begin), "memory": memory,
            "age": ages / (end - begin), "metrics": whole[-1], "screen": terminal.text}


OURS = ["train loss", "test accuracy", "learning rate", "weight norm", "images per second", "train accuracy"]


def our_metrics(text):
    """Metrics of which name, value and sparkline are in view."""
    return sum(bool(re.search(rf"{name} +[\d.,]+ +[▁-█]", text)) for name in OURS)


def their_metrics(text):
    """Metrics of which the chart is in view, as LEET counts them itself."""
    found = re.search(r"Metrics \[(\d+)-(\d+) of \d+\]", text)
    return int(found[2]) - int(found[1]) + 1 if found else 0


def watch_ours(size):
    with home() as (runs, environment):
        run = writer("curricle", runs, environment, PACE, 0.1)
        with open_live(environment, size, run) as terminal:
            seen = watch(terminal, run.about["begin"], r"step +([\d,]+) of", our_metrics)
        run.end()
    return seen


def watch_theirs(size):
    with home() as (runs, environment):
        run = writer("leet", runs, environment, PACE, 0)
        with leet(run.about["directory"], environment, size) as terminal:
            seen = watch(terminal, run.about["begin"], r"_step +(\d+)", their_metrics)
        run.end()
    return seen


def watching(size):
    def run(name, options):
        rounds = [(watch_ours(size), watch_theirs(size)) for _ in range(seldom(options))]
        rows = []
        for what, unit, bar, aim in (("bytes", "B/s", 300, 100), ("cpu", "%", 1, 0.3), ("memory", "MB", 50, None), ("age", "s", 0.5, None), ("metrics", "of 6", 6, None)):
            ours, others = ([both[side][what] for both in rounds] for side in (0, 1))
            more = {"met": min(ours) == 6} if what == "metrics" else {}
            rows.append(beside(f"{name}-{what}", unit, ours, others, bar, aim, **more))
        if not rows[-1]["met"]:
            print(f"{name}: not all metrics are in view:\n{rounds[-1][0]['screen']}", file=sys.stderr)
        return rows

    return run


def idle(name, options):
    """The list of 200 runs, none of which lives, when all that the start set going is over."""
    written, used = [], []
    with home() as (runs, environment):
        finished_runs(runs, 200)
        for _ in range(seldom(options)):
            with curricle(environment) as terminal:
                terminal.until(r"\[5 Runs\] +200 runs")
                terminal.until_still(STILL)
                begin, before = time.monotonic(), sum(processor_seconds(terminal.process.pid).values())
                time.sleep(IDLE)
                end, after = time.monotonic(), sum(processor_seconds(terminal.process.pid).values())
                written.append(terminal.written(begin, end))
                used.append(100 * (after - before) / (end - begin))
    return [alone(f"{name}-bytes", "B", written, 0), alone(f"{name}-cpu", "%", used, 0.1)]


def whole_course(terminal, begun, end_pattern):
    """Seconds until curves changed for the last time after the end of the run was said, and the memory that it took."""
    curves, changed, said = None, begun, False
    while terminal.draw(STILL if said else 300):
        said = said or bool(re.search(end_pattern, terminal.text))
        now = re.findall("[\u2801-\u28ff▁-█]|\n", terminal.text)
        if now != curves:
            curves, changed = now, terminal.at
    if not said:
        raise SystemExit(f"error: {terminal.process.args[0]} never showed `{end_pattern}`; it shows:\n{terminal.text}")
    return changed - begun, peak_memory(terminal.process.pid)


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
        ours = in_turn(options.pairs, lambda: open_ours(environment))[0]
        others = [open_theirs(path, environment) for _ in range(seldom(options))]
    (seconds, memory), (their_seconds, their_memory) = zip(*ours), zip(*others)
    return [beside(name, "s", seconds, their_seconds, 1, 0.2), beside(f"{name}-memory", "MB", memory, their_memory, 100)]


A_CHART = "(?s)([\u2801-\u28ff].*?){5}"

JOBS = {
    # The first picture, which has no list yet, and the one with it: LEET's first picture with a chart is beside both.
    "first-frame": starting(200, lambda: leet_run(2 * PER_EPOCH), **{
        "": (r"(?s)\[5 Runs\].*╰─+.*\? help", A_CHART, 0.15, 0.05), "-with-list": (listed(200), A_CHART, None, None)}),
    "help": print_help,
    "key": key,
    "watch-80x24": watching(SMALL),
    "watch-140x45": watching(LARGE),
    "idle": idle,
    "list-1000": starting(1000, lambda: leet_runs(1000), **{"": (listed(1000), r"Runs \[[^]]*\b1,?000\b", 0.3, 0.05)}),
    "open-1000000": open_long,
}

if __name__ == "__main__":
    {"curricle": write_curricle, "leet": write_leet}[sys.argv[1]](sys.argv[2], *map(float, sys.argv[3:]))
