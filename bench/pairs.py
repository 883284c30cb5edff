"""Both sides of a job as processes that wait, and pairs of measurements taken in turn."""

import atexit
import json
import pathlib
import statistics
import subprocess


class Side:
    """A process that answers `run N` with a line of JSON."""

    def __init__(self, name, command, environment):
        self.name = name
        # Ctrl-C is for who measures, and takes the sides along.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True)
        atexit.register(self.process.kill)
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
    """One object of `bench.json`, from paired measurements in one unit: `bar` and `aim` are of the ratio of both."""
    ratio, low, high = spread([a / b for a, b in zip(ours, theirs)])
    return {
        "job": job,
        "peer": peer,
        "unit": unit,
        "ratio": round(ratio, 4),
        "ratio_to": "peer",
        "low": round(low, 4),
        "high": round(high, 4),
        "bar": bar,
        "aim": aim,
        "met": bar is None or ratio <= bar,
        "curricle": statistics.median(ours),
        "peer_value": statistics.median(theirs),
        "curricle_memory_mb": memory[0],
        "peer_memory_mb": memory[1],
        "pairs": len(ours),
        **more,
    }


def alone(job, unit, values, limit=None, aim=None, memory=None, peer="–", others=None, peer_memory=None, sense="at most", pick=statistics.median,
          **more):
    """One object of `bench.json` for a value with a limit of its own, in its unit. `pick` says which of the rounds counts.

    `ratio` is to the limit, and `bar` then 1; without a limit it is to the other's value, round by round. Where there is no
    ratio (nothing of a limit of 0; so many of so many) it is null, and `bar` too: `limit` and `sense` say what `met` means.
    """
    value = pick(values)
    if limit and sense == "at most":
        ratio_to, ratios, ratio = "limit", [each / limit for each in values], value / limit
    elif limit is None and others and all(others):
        ratio_to, ratios = "peer", [each / other for each, other in zip(values, others)]
        ratio = statistics.median(ratios)
    else:
        ratio_to, ratios, ratio = None, [], None
    held = ratio_to == "limit"
    return {
        "job": job,
        "peer": peer,
        "unit": unit,
        "ratio": None if ratio is None else round(ratio, 4),
        "ratio_to": ratio_to,
        "low": round(min(ratios), 4) if ratios else None,
        "high": round(max(ratios), 4) if ratios else None,
        "bar": 1 if held else None,
        "aim": round(aim / limit, 4) if held and aim is not None else None,
        "met": limit is None or (value <= limit if sense == "at most" else value >= limit),
        "limit": limit,
        "limit_aim": aim,
        "sense": sense,
        "curricle": value,
        "curricle_low": min(values),
        "curricle_high": max(values),
        "peer_value": pick(others) if others else None,
        "curricle_memory_mb": None if memory is None else round(memory, 1),
        "peer_memory_mb": None if peer_memory is None else round(peer_memory, 1),
        "pairs": len(values),
        **more,
    }
