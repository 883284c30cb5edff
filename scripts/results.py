#!/usr/bin/env python3
"""Prints the tables of docs/results.md from a folder of runs: `python3 scripts/results.py RUNS`.

Takes the runs that are done: first epochs of thesis presets beside what was published, how often the first candidate wins with
and without the left-over gradient, and studies of orders (their epochs beside published ones, selectors, what tells good orders).
"""

import json
import math
import pathlib
import sys
import tomllib


class Run:
    def __init__(self, folder):
        self.folder = folder
        self.record = json.loads((folder / "run.json").read_text())
        self.experiment = tomllib.loads((folder / "resolved.toml").read_text())
        self.events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        self.published = self.experiment.get("published", {}).get("values", {})

    def of(self, kind):
        return [event for event in self.events if event["kind"] == kind]

    @property
    def is_done(self):
        return any(event["state"] == "done" for event in self.of("finished"))

    @property
    def orders(self):
        path = self.folder / "orders.json"
        return json.loads(path.read_text()) if path.exists() else None

    @property
    def seconds(self):
        return self.of("finished")[-1]["seconds"]

    def setting(self, path):
        value = self.experiment
        for part in path.split("."):
            value = value.get(part, {}) if isinstance(value, dict) else {}
        return value


def table(head, rows):
    if not rows:
        return
    print(f"| {' | '.join(head)} |")
    print(f"|{'|'.join('---' if place == 0 else '---:' for place in range(len(head)))}|")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")
    print()


def number(value, digits=4):
    return "–" if value is None or (isinstance(value, float) and math.isnan(value)) else f"{value:.{digits}f}"


def first_epochs(runs):
    """Test accuracy after the first epoch, its time, and the share of scoring."""
    rows = []
    for run in runs:
        ends = [event for event in run.of("evaluation") if event["set"] == "test" and event["epoch"] == 1]
        per_epoch = next((event["steps_per_epoch"] for event in run.of("started")), 0)
        if not ends or "first_epoch" not in run.published or ends[-1]["step"] != per_epoch:
            continue
        steps = [event for event in run.of("step") if event["epoch"] == 1]
        # Of a run of one epoch the time of training is known without its pauses.
        started = run.of("started")[0]
        seconds = run.seconds if started["steps"] == per_epoch else ends[-1]["time"] - started["time"]
        scoring = sum(event["seconds"] for event in run.of("scoring") if event["epoch"] == 1)
        oracle = ", oracle" if run.of("started")[0]["oracle"] else ""
        rows.append((run.record["name"], f"{number(ends[-1]['accuracy'])}{oracle}", number(run.published["first_epoch"]),
                     f"{seconds / 60:.1f} min", f"{100 * scoring / seconds:.0f} %", f"{steps[-1]['forward']:,.0f} / {steps[-1]['backward']:,.0f}"))
    table(("first epoch of", "test accuracy", "published", "time", "scoring", "passes forward / backward"), rows)


def first_wins(runs):
    """How often the first of K candidates wins, from the second training step on, where a gradient may be left over."""
    rows = []
    for run in runs:
        if run.setting("ordering.scorer") != "loss-delta" or not isinstance(run.setting("ordering.published.leftover_gradient"), bool):
            continue
        chosen = [event["chosen"] for event in run.of("scoring") if event["step"] > 1 and event["candidates"] == run.setting("ordering.candidates")]
        chosen = chosen[:100]
        if len(chosen) < 100:
            continue
        wins, count = sum(places == [0] for places in chosen), len(chosen)
        expected = count / run.setting("ordering.candidates")
        spread = math.sqrt(expected * (1 - 1 / run.setting("ordering.candidates")))
        where = run.setting("ordering.target") + " batch"
        if run.setting("ordering.estimate") == "first-order":
            where += ", first order"
        left = "with" if run.setting("ordering.published.leftover_gradient") else "without"
        rows.append((f"loss delta, {where}, {left} the left-over gradient", f"{wins} of {count}", f"{expected:.1f} ± {spread:.1f}"))
    table(("first candidate wins", "seen", "by chance"), sorted(rows))


def studies(runs):
    for run in runs:
        report = run.orders
        if report is None:
            continue
        print(f"### {run.record['name']}: {report['runs']:,} orders, {report['test_images']:,} test images, {run.seconds / 60:.0f} min\n")
        rows = []
        for epoch in report["epochs"]:
            at = epoch["epoch"] - 1
            for what in ("accuracy", "loss"):
                spread = epoch[what]
                beside = lambda name: run.published.get(f"{what}_{name}", [])
                cells = [f"{number(spread[name])} ({number(beside(name)[at])})" if at < len(beside(name)) else number(spread[name])
                         for name in ("min", "median", "mean", "max")]
                rows.append((f"{epoch['epoch']}, {what}", f"{epoch['runs']:,}", *cells))
        table(("epoch (published)", "orders", "min", "median", "mean", "max"), rows)
        rows = []
        for epoch in report["epochs"]:
            groups = epoch["best_tenth"], epoch["median_tenth"], epoch["worst_tenth"]
            three = lambda name, digits: " / ".join(number(group[name], digits) for group in groups)
            rows.append((epoch["epoch"], three("test_loss", 4), three("accuracy", 3), three("norm", 3), three("agreement", 3), three("class_change", 3)))
        table(("epoch: best / median / worst tenth", "test loss", "accuracy", "norm of θ", "agreement of gradients", "class change"), rows)
        rows = []
        for epoch in report["epochs"]:
            ranks = epoch["rank_correlation"]
            along = " ".join(number(value, 2) for value in ranks["train_losses"])
            shares = [(abs(value), place + 1, index, value) for place, classes in enumerate(ranks["class_shares"])
                      for index, value in enumerate(classes) if value is not None]
            strongest = max(shares, default=None)
            said = f"class {strongest[2]} at place {strongest[1]}: {number(strongest[3], 2)}" if strongest else "–"
            rows.append((epoch["epoch"], along, number(ranks["norm"], 2), number(ranks["agreement"], 2), number(ranks["class_change"], 2), said))
        table(("rank correlation with the test loss, epoch", "training losses by place", "norm", "agreement", "class change", "strongest share of a class"), rows)
        rows = []
        for place, selector in enumerate(report["epochs"][0]["selectors"]):
            all_places = [order for epoch in report["epochs"] for order in epoch["selectors"][place]["parents"]]
            first = selector["parents"][0]
            share = lambda order: (order["better"] + order["equal"] / 2) / order["of"]
            mean = sum(map(share, all_places)) / len(all_places)
            rows.append((selector["selector"] + (", oracle" if selector["oracle"] else ""), f"{first['better']} of {first['of']}",
                         f"{100 * share(first):.1f} %", f"{100 * mean:.1f} % over {len(all_places)}"))
        table(("selector: orders that are better than its own", "epoch 1", "place", "mean place over all parents"), rows)
        for name in ("by_accuracy", "by_loss"):
            claims = report[name]
            said = lambda count: f"{count['holds']} of {count['of']}"
            later = claims["best_above_later_worst"]
            print(f"{name.replace('_', ' ')}: best above the next epoch's mean in {said(claims['best_above_next_mean'])}; above the worst of the next in "
                  f"{said(later[0]) if later else '–'}, farthest {claims['farthest']} epochs later; range shrinks in {said(claims['range_shrinks'])}\n")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folders = sorted(path for path in pathlib.Path(sys.argv[1]).iterdir() if (path / "run.json").exists())
    runs = [run for run in map(Run, folders) if run.is_done]
    first_epochs(runs)
    first_wins(runs)
    studies(runs)


if __name__ == "__main__":
    main()
