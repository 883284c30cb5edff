"""Runs without training: run directories as the engine writes them, and runs of wandb from the same numbers.

Live runs are written by a process of their own, `made.py WHAT FOLDER …`, at the same pace for both sides.
"""

import fcntl
import json
import os
import pathlib
import select
import struct
import sys
import time

import numpy as np

HOST = os.uname().nodename
# A live run is one of `quickstart` that has done its first epoch when it is opened: images of a batch, steps, steps a second.
BATCH, PER_EPOCH, STEPS, PACE = 50, 160, 1920, 5
LONG = 1_000_000


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


def until_ended():
    """Waits until whoever started this process closes its input."""
    while sys.stdin.read(1):
        pass


def begin_curricle(folder, pace):
    """A run that is training and has done its first epoch, and its lock, which must be held as long as the run lives."""
    # No more steps than events: an engine with a longer plan would write one event for several of them.
    run = Run(pathlib.Path(folder), 0, "live", min(50_000, int(STEPS * max(1, pace / PACE))), PER_EPOCH, pace)
    lock = open(run.path / "lock", "r+")
    fcntl.fcntl(lock, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    lock.write(json.dumps({"pid": os.getpid(), "host": HOST}))
    lock.flush()
    run.wall -= PER_EPOCH / pace
    run.go_on(PER_EPOCH)
    run.stand("training")
    return run, lock


def write_curricle(folder, pace, tick):
    """A run that is training: its lock is held, events reach readers at ticks, the status is replaced once a second."""
    run, _lock = begin_curricle(folder, pace)
    begin = say_begun(run.path)
    # Ticks lie so that a step waits for the next one as long as it does on average: half a tick.
    for number, due in enumerate(beats(begin - tick / 2, tick)):
        run.go_on(PER_EPOCH + int((due - begin) * pace))
        run.events.flush()
        if number % round(1 / tick) == 0:
            run.stand("training")


def silent_curricle(folder):
    """A run that is training and writes nothing."""
    run, _lock = begin_curricle(folder, PACE)
    say_begun(run.path)
    until_ended()


def begin_leet(folder, pace, steps):
    """A run of wandb from the same numbers, and how to log a step of it."""
    import wandb

    settings = wandb.Settings(silent=True, console="off")
    run = wandb.init(project="bench", name="bench", dir=folder, mode="offline", config={"batch": BATCH, "lr": 0.1, "seed": 0}, settings=settings)
    course = Course(int(steps) or STEPS)

    def log(step):
        at = min(step, course.steps)
        values = {"train/loss": course.loss[at], "train/accuracy": course.accuracy[at]}
        if steps != LONG:
            values |= {"learning_rate": course.lr[at], "weight_norm": course.norm[at], "images_per_second": BATCH * pace * (1 + course.jitter[at])}
            values |= {} if step % PER_EPOCH else {"test/accuracy": course.test[at]}
        run.log(values, step=step)

    for step in range(1, int(steps or PER_EPOCH) + 1):
        log(step)
    return run, log


def write_leet(folder, pace, steps):
    """A run of wandb: `steps` of them and done, or as live as the other one where that is 0."""
    run, log = begin_leet(folder, pace, steps)
    if not steps:
        for step, _ in enumerate(beats(say_begun(pathlib.Path(run.dir).parent), 1 / pace), PER_EPOCH + 1):
            log(step)
    run.finish()


def silent_leet(folder):
    """A run of wandb that goes on and logs nothing more."""
    run, _ = begin_leet(folder, PACE, 0)
    say_begun(pathlib.Path(run.dir).parent)
    until_ended()
    run.finish()


WRITERS = {"curricle": write_curricle, "leet": write_leet, "silent-curricle": silent_curricle, "silent-leet": silent_leet}

if __name__ == "__main__":
    WRITERS[sys.argv[1]](sys.argv[2], *map(float, sys.argv[3:]))
