"""Figures of several rounds, and the table that their medians make."""
import collections
import dataclasses
import statistics
from typing import Optional


class Figures:
    """Samples by name: one a round, or several."""

    def __init__(self):
        self.samples = collections.defaultdict(list)

    def add(self, name, value):
        self.samples[name].append(value)

    def has(self, name):
        return name in self.samples

    def median(self, name):
        return statistics.median(self.samples[name])

    def most(self, name):
        return max(self.samples[name])

    def add_run(self, name, run):
        """What a load said: its rate and the percentiles of its answers."""
        for what in ("rate", "p50_ms", "p99_ms"):
            self.add(f"{name} {what}", run[what])

    def latencies(self, name):
        return f"p50 {self.median(f'{name} p50_ms'):.2g} ms, p99 {self.median(f'{name} p99_ms'):.2g} ms"


@dataclasses.dataclass
class Row:
    what: str  # with what rebufd's answer means
    unit: str
    ours: float
    note: str = ""  # beside our figure
    against: str = ""  # with what the other side guarantees
    theirs: Optional[float] = None
    at_least: Optional[float] = None  # the bar, for the ratio, or for our figure when there is nothing to compare with
    at_most: Optional[float] = None

    def cells(self):
        value = self.ours if self.theirs is None else self.ours / self.theirs
        missed = (self.at_least is not None and value < self.at_least) or (
            self.at_most is not None and value > self.at_most)
        bar = (f"≥ {number(self.at_least)}" if self.at_least is not None else
               f"≤ {number(self.at_most)}" if self.at_most is not None else "")
        return [self.what, f"{number(self.ours)} {self.unit}" + (f" ({self.note})" if self.note else ""), self.against,
                "" if self.theirs is None else f"{number(self.theirs)} {self.unit}",
                "" if self.theirs is None else f"{value:.2f}", bar + (" missed" if missed else "")]


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


HEAD = ["what, and what the answer means", "rebufd", "against, and what it guarantees", "theirs", "ratio", "bar"]


def markdown(lines):
    """A table; the first line is its head."""
    head, *rest = lines
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rest])


def table(rows):
    return markdown([HEAD] + [row.cells() for row in rows])
