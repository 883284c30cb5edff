"""Jobs of orderings: scores of candidates beside the published algorithm (copy, step, evaluate, restore), and all orders of an
epoch beside one run after the other."""

import math
import pathlib
import tempfile

import engine
from pairs import interleaved, row

# Scores are differences of losses: they agree to so much of the largest score.
ALLOWED = 2e-3


def scored(told):
    """An experiment whose training set is the candidates, and whose test set is the external batch."""
    # Glyphs come in tens; what is over is left out.
    tens = lambda count: -(-count // 10) * 10
    return {**told, "train": tens(told["candidates"] * told["batch"]), "test": tens(told["external"])}


def agree(name, ours, side):
    """Both sides must give the same scores."""
    if side.about["batches"] != ours.about["batches"]:
        raise SystemExit(f"error: {name}: {side.name} has other batches than ours")
    (_, here), (_, there) = ours.run(1), side.run(1)
    scale = max(map(abs, there), default=math.nan)
    worst = max(abs(a - b) for a, b in zip(here, there)) / scale
    if len(here) != len(there) or not worst <= ALLOWED:
        raise SystemExit(f"error: {name}: the two sides do not score the same: {here} here, {there} of {side.name}")
    return worst


def floor(how, candidates, apart):
    """What scoring takes at least, in plain steps, where a forward pass is a third of one; `apart` is |X|/B."""
    forwards = {"loss": candidates, "loss-delta": 4 * candidates, "loss-delta-external": 3 * candidates + (candidates + 1) * apart,
                "first-order": 2 * candidates + 3 * apart}
    return forwards[how] / 3


def plain_step(options, folder):
    """Our own training step on a batch like the candidates."""
    told = engine.told("preresnet-56", 128, "f32", options.threads)
    return engine.own("Curricle, plain step", "step", told, folder, engine.plain_environment())


def beside_floor(name, how, candidates, external, times, plain, options):
    """How far above its arithmetic scoring is: less than 1 where a forward pass takes less than a third of a step."""
    steps = floor(how, candidates, external / 128)
    return row(f"{name}-floor", f"{steps:.1f} of our plain steps", "s", times["Curricle"], [steps * seconds for seconds in times[plain.name]],
               threads=options.threads)


def scorer(how, candidates, external, bars):
    """Scores of PreResNet-56's candidates in f32."""

    def run(name, options):
        told = scored(engine.told("preresnet-56", 128, "f32", options.threads, candidates=candidates, external=external))
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as beside:
            ours, theirs = engine.sides(how, told, pathlib.Path(folder))
            worst = max(agree(name, ours, side) for side in theirs)
            plain = plain_step(options, pathlib.Path(beside))
            times = interleaved(ours, [*theirs, plain], 1, options.pairs)
            rows = [row(name, side.name, "s", times[ours.name], times[side.name], bar, aim, (round(ours.peak_memory()), round(side.peak_memory())),
                        threads=options.threads, agreement=worst) for side, (bar, aim) in zip(theirs, bars)]
            rows.append(beside_floor(name, how, candidates, external, times, plain, options))
            for side in (ours, *theirs, plain):
                side.end()
            return rows

    return run


def first_order(candidates, external, bar, aim):
    """First-order scores beside our own exact ones on the same external batch."""

    def run(name, options):
        told = scored(engine.told("preresnet-56", 128, "f32", options.threads, candidates=candidates, external=external))
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second, tempfile.TemporaryDirectory() as third:
            environment = engine.plain_environment()
            ours = engine.own("Curricle", "first-order", told, pathlib.Path(first), environment)
            plain = plain_step(options, pathlib.Path(third))
            exact = engine.own("Curricle, exact", "loss-delta-external", told, pathlib.Path(second), environment)
            (_, here), (_, there) = ours.run(1), exact.run(1)
            times = interleaved(ours, [exact, plain], 1, options.pairs)
            memory = (round(ours.peak_memory()), round(exact.peak_memory()))
            found = row(name, exact.name, "s", times[ours.name], times[exact.name], bar, aim, memory, threads=options.threads,
                        rank_correlation=spearman(here, there))
            for side in (ours, exact, plain):
                side.end()
            return [found, beside_floor(name, "first-order", candidates, external, times, plain, options)]

    return run


def spearman(one, other):
    """Rank correlation of values without ties."""
    rank = lambda values: {place: number for number, place in enumerate(sorted(range(len(values)), key=values.__getitem__))}
    a, b, count = rank(one), rank(other), len(one)
    return 1 - 6 * sum((a[place] - b[place]) ** 2 for place in range(count)) / (count * (count**2 - 1))


def orders(bars):
    """All 720 orders of epoch 1 of table 2.1, without crops, on real MNIST where it is there."""

    def run(name, options):
        if not (engine.data_root() / "mnist").is_dir():
            print(f"{name}: SKIPPED, there is no MNIST in {engine.data_root()} (CURRICLE_DATA)", flush=True)
            return []
        told = {"network": "basicconv", "batch": 8, "batches": 6, "precision": "f32", "threads": options.threads, "device": "cpu",
                "lr": 0.05, "momentum": 0.9, "weight_decay": 1e-4, "study": True}
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = engine.sides("orders", told, pathlib.Path(folder))
            worst = max(agree(name, ours, side) for side in theirs)
            times = interleaved(ours, theirs, 1, options.pairs, warm_up=0)
            rows = [row(name, side.name, "s", times[ours.name], times[side.name], bar, aim, (round(ours.peak_memory()), round(side.peak_memory())),
                        threads=options.threads, agreement=worst, runs_per_second=720 / sorted(times[ours.name])[len(times[ours.name]) // 2])
                    for side, (bar, aim) in zip(theirs, bars)]
            for side in (ours, *theirs):
                side.end()
            return rows

    return run


def shared(preset, bar, aim):
    """All orders of a study's first epoch, what they begin with trained once, beside each of them from the beginning."""

    def run(name, options):
        if not (engine.data_root() / "cifar-10-batches-bin").is_dir():
            print(f"{name}: SKIPPED, there is no CIFAR-10 in {engine.data_root()} (CURRICLE_DATA)", flush=True)
            return []
        told = {"preset": preset, "batch": 16, "threads": options.threads}
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            environment = engine.plain_environment()
            ours = engine.own("Curricle", "orders", told, pathlib.Path(first), environment)
            alone = engine.own("Curricle, one by one", "orders-one-by-one", told, pathlib.Path(second), environment)
            times = interleaved(ours, [alone], 1, options.pairs, warm_up=0)
            memory = (round(ours.peak_memory()), round(alone.peak_memory()))
            found = row(name, alone.name, "s", times[ours.name], times[alone.name], bar, aim, memory, threads=options.threads)
            ours.end()
            alone.end()
            return [found]

    return run


JOBS = {
    "loss-delta-same-k-8": scorer("loss-delta", 8, 10, [(0.6, 0.45), (0.8, 0.65)]),
    "loss-delta-external-512-k-8": scorer("loss-delta-external", 8, 512, [(0.6, 0.45), (0.95, 0.75)]),
    "loss-orderer-k-32": scorer("loss", 32, 10, [(0.65, 0.45), (0.85, 0.65)]),
    "first-order-k-32": first_order(32, 512, 0.35, 0.30),
    "perfect-ordering-shared": shared("orders-cifar10", 1 / 1.5, 1 / 1.7),
    "perfect-ordering": orders([(1 / 7, 1 / 12), (1 / 2, 1 / 3.5)]),
}
