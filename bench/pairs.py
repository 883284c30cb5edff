"""Both sides of a job as processes that wait, and pairs of measurements taken in turn."""

import json
import pathlib
import statistics
import subprocess


class Side:
    """A process that answers `run N` with a line of JSON."""

    def __init__(self, name, command, environment):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.about = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"error: {self.name} ended with {self.process.wait()}: see above")
        return json.loads(line)

    def run(self, count):
        """Seconds of `count` repetitions, and the values that came out."""
        self.process.stdin.write(f"run {count}\n")
        self.process.stdin.flush()
        answer = self.read()
        return answer["seconds"], answer["values"]

    def peak_memory(self):
        """The most memory that it ever had, in MB, as the operating system says."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return float("nan")

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def spread(values):
    return statistics.median(values), min(values), max(values)


def interleaved(ours, theirs, repetitions, pairs, warm_up=1):
    """Seconds of one repetition: for each side a list, one number a round. In a round every side has its turn."""
    sides = [ours, *theirs]
    for _ in range(warm_up):
        for side in sides:
            side.run(repetitions)
    times = {side.name: [] for side in sides}
    for number in range(pairs):
        # Whoever goes first finds the caches as the last one left them: the order changes from round to round.
        for side in sides[number % len(sides):] + sides[: number % len(sides)]:
            seconds, _ = side.run(repetitions)
            times[side.name].append(seconds / repetitions)
    return times


def row(job, peer, unit, ours, theirs, bar=None, aim=None, memory=(None, None), **more):
    """One object of `bench.json`, from paired measurements in one unit."""
    ratio, low, high = spread([a / b for a, b in zip(ours, theirs)])
    return {
        "job": job,
        "peer": peer,
        "unit": unit,
        "ratio": round(ratio, 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "bar": bar,
        "aim": aim,
        "met": bar is None or ratio <= bar,
        "curricle": statistics.median(ours),
        "peer_value": statistics.median(theirs),
        "curricle_memory_mb": memory[0],
        "peer_memory_mb": memory[1],
        **more,
    }


def alone(job, unit, values, bar=None, aim=None, memory=None, peer="–", peer_value=None, **more):
    """One object of `bench.json` for a measurement with a bar of its own: `ratio` is to the bar."""
    middle, low, high = spread(values)
    per = bar if bar else 1
    return {
        "job": job,
        "peer": peer,
        "unit": unit,
        "ratio": round(middle / per, 4),
        "low": round(low / per, 4),
        "high": round(high / per, 4),
        "bar": None if bar is None else 1,
        "aim": None if aim is None or bar is None else round(aim / bar, 4),
        "met": bar is None or middle <= bar,
        "curricle": middle,
        "peer_value": peer_value,
        "curricle_memory_mb": memory,
        "peer_memory_mb": None,
        **more,
    }
