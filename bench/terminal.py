"""A program in a pseudo-terminal, and what a user would see of it.

A thread only notes which bytes arrived when; what they look like is worked out by pyte afterwards, so that looking takes no
time from what is measured.
"""

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time

import pyte

from costs import Peak, family, processor

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
        self.peak = Peak(self.process.pid)
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
        """What the program writes and takes in a time: bytes a second, per cent of a core; begin and end of it. Children count."""
        before, begin = processor(self.process.pid), time.monotonic()
        time.sleep(seconds)
        end, after = time.monotonic(), processor(self.process.pid)
        written = sum(len(part) for moment, part in list(self.parts) if begin <= moment < end)
        return {"bytes": written / (end - begin), "cpu": 100 * (after - before) / (end - begin)}, begin, end

    def memory(self):
        """The most memory in MB since the start, the program and all that it has started together."""
        return self.peak.look()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.peak.end()
        for member in family(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        self.process.wait()
        self.listener.join(5)
        os.close(self.master)
