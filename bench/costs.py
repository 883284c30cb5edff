"""What a program and all that it starts take: processor and memory, as the operating system says."""

import contextlib
import os
import pathlib
import re
import threading
import time

# Seconds between two looks at the memory of a family. One who lives shorter is not seen; no engine does.
LOOK = 0.05
TICKS = os.sysconf("SC_CLK_TCK")


def family(pid):
    """A process and all that descend from it."""
    found = [pid]
    for member in found:
        for children in pathlib.Path(f"/proc/{member}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def processor(pid):
    """Seconds of the processor that a family has taken, those of children that have ended among them."""
    total = 0.0
    for member in family(pid):
        # One that has just ended has neither; what it took is its parent's from then on.
        with contextlib.suppress(OSError, IndexError):
            ended = pathlib.Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()[13:15]
            # The kernel has a finer clock for every process that lives.
            total += time.clock_gettime(~member << 3 | 2) + sum(map(int, ended)) / TICKS
    return total


def memory(pid):
    """The sum of the most memory in MB that each living process of a family has had."""
    total = 0.0
    for member in family(pid):
        # One that is ending has no memory any more.
        with contextlib.suppress(OSError, TypeError):
            total += int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{member}/status").read_text())[1]) / 1024
    return total


class Peak:
    """The most memory that a family has had, children that have ended among them: looked at all the time until `end`."""

    def __init__(self, pid):
        self.pid, self.most, self.over = pid, 0.0, threading.Event()
        self.eye = threading.Thread(target=self.watch, daemon=True)
        self.eye.start()

    def watch(self):
        self.look()
        while not self.over.wait(LOOK):
            self.look()

    def look(self):
        """Looks now; the most so far."""
        self.most = max(self.most, memory(self.pid))
        return self.most

    def end(self):
        self.over.set()
        self.eye.join()
        return self.most
