"""What a call of `make bench` asks for. Needs nothing that must be installed, so a typo is told before that."""

import argparse
import os
import sys

NUMBERS = "error: PAIRS and THREADS are whole numbers from 1, and THREADS at most the processor's cores"


def options_of(words):
    """What the words say: numbers are told here, names of jobs where they are known."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help="jobs whose name begins so, with commas between")
    parser.add_argument("--pairs", default="7")
    parser.add_argument("--threads", default="1")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--rest", action="store_true", help="go on with a whole run that was interrupted: the jobs that have no result yet")
    options = parser.parse_args(words)
    try:
        options.pairs, options.threads = int(options.pairs), int(options.threads)
    except ValueError:
        sys.exit(NUMBERS)
    if options.pairs < 1 or not 1 <= options.threads <= len(os.sched_getaffinity(0)):
        sys.exit(NUMBERS)
    if options.rest and (options.only or options.fresh):
        sys.exit("error: REST goes on with a whole run: without ONLY")
    return options


def meant(part, jobs):
    """The jobs that a word means: a whole name that job, the name of a row the job that wrote it, else all whose names begin so."""
    if part in jobs:
        return [part]
    return [name for name in jobs if name.startswith(part)] or [name for name in jobs if part.startswith(f"{name}-")]


def chosen_of(options, jobs):
    """The jobs that are asked for; all where none is named."""
    parts = options.only.replace(",", " ").split()
    if options.only and not parts:
        sys.exit("error: ONLY names no job")
    named = {part: meant(part, jobs) for part in parts}
    unknown = [part for part, names in named.items() if not names]
    if unknown:
        sys.exit(f"error: no job is called {', '.join(unknown)}: there are {', '.join(jobs)}")
    return [name for name in jobs if not parts or any(name in names for names in named.values())]


if __name__ == "__main__":
    options_of(sys.argv[1:])
