#!/usr/bin/env python3
"""Draws what a bench left as JSON. SVG, by hand: a few lines and words.

  plot.py connections PEERS.json OUT.svg    messages a second against connections, of bench/peers.py healthy
  plot.py outage PATH.json OUT.svg          an outage and the recovery of rebufd over time, of bench/path.py timeline
"""
import json
import math
import pathlib
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 980, 380, 60, 400, 30, 45
COLOURS = ["#0b6e4f", "#888888", "#1f77b4", "#4a9fdc", "#8fc5f0", "#c0d8f0", "#d62728", "#f08080", "#ff7f0e", "#ffbb78"]


def nice_ticks(most, count=5):
    """Round numbers from 0 to at least `most`."""
    rough = most / count
    magnitude = 10 ** math.floor(math.log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough)
    return [i * step for i in range(math.ceil(most / step) + 1)]


def short(value):
    return f"{value / 1e6:g}M" if value >= 1e6 else f"{value / 1e3:g}k" if value >= 1e3 else f"{value:g}"


class Chart:
    def __init__(self, x_of, x_ticks, x_label, y_most, y_label):
        """`x_of` maps a value to 0..1; x_ticks: (value, text)."""
        self.x_of, self.y_ticks = x_of, nice_ticks(y_most)
        self.parts = [self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_label, "middle"), self.text(4, 16, y_label)]
        for value, label in x_ticks:
            self.parts.append(self.line([(self.x(value), TOP), (self.x(value), HEIGHT - BOTTOM)], "#eee", 1))
            self.parts.append(self.text(self.x(value), HEIGHT - BOTTOM + 16, label, "middle"))
        for value in self.y_ticks:
            self.parts.append(self.line([(LEFT, self.y(value)), (WIDTH - RIGHT, self.y(value))], "#ddd", 1))
            self.parts.append(self.text(LEFT - 6, self.y(value) + 4, short(value), "end"))
        self.series = 0

    def x(self, value):
        return LEFT + self.x_of(value) * (WIDTH - RIGHT - LEFT)

    def y(self, value):
        return HEIGHT - BOTTOM - value / self.y_ticks[-1] * (HEIGHT - BOTTOM - TOP)

    @staticmethod
    def line(points, colour, width):
        return (f'<polyline fill="none" stroke="{colour}" stroke-width="{width}" points="'
                + " ".join(f"{x:.1f},{y:.1f}" for x, y in points) + '"/>')

    @staticmethod
    def text(x, y, words, anchor="start"):
        return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'

    def draw(self, name, points):
        colour = COLOURS[self.series % len(COLOURS)]
        y = TOP + 12 + self.series * 20
        self.parts += [self.line([(self.x(a), self.y(b)) for a, b in points], colour, 3 if self.series == 0 else 2),
                       self.line([(WIDTH - RIGHT + 12, y - 4), (WIDTH - RIGHT + 32, y - 4)], colour, 3),
                       self.text(WIDTH - RIGHT + 38, y, name)]
        self.series += 1

    def mark(self, x, words):
        """Something happened."""
        line = self.line([(self.x(x), TOP), (self.x(x), HEIGHT - BOTTOM)], "#555", 1)
        self.parts += [f'<g stroke-dasharray="4 3">{line}</g>',
                       self.text(self.x(x) + 4, TOP + 10, words)]

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
                'font-size="12"><rect width="100%" height="100%" fill="white"/>' + "\n".join(self.parts) + "</svg>\n")


def median(samples):
    return sorted(samples)[len(samples) // 2]


def connections(figures):
    rates = {}
    for key, samples in figures.items():
        name, _, count = key.removesuffix(" rate").rpartition(" ")
        if key.endswith(" rate") and count.isdecimal():  # else of batches
            rates.setdefault(name, []).append((int(count), median(samples)))
    counts = sorted({count for points in rates.values() for count, _ in points})
    most = math.log10(counts[-1])
    chart = Chart(lambda count: math.log10(count) / most, [(count, str(count)) for count in counts],
                  "connections, one message a request", max(rate for points in rates.values() for _, rate in points),
                  "answered 2xx, messages a second")
    for name, points in rates.items():
        chart.draw(name, sorted(points))
    return chart.svg()


def per_second(times, totals, over=5):
    """The rate at each moment, over so many samples before it."""
    return [(times[i], max(0, (totals[i] - totals[i - over]) / (times[i] - times[i - over])))
            for i in range(over, len(times)) if times[i] > times[i - over]]


def outage(figures):
    run = figures["timeline"][-1]
    times = run["seconds"]
    accepted, delivered = (per_second(times, run[what]) for what in ("accepted", "delivered"))
    most = max(max(rate for _, rate in accepted + delivered), max(run["backlog"]))
    chart = Chart(lambda t: t / times[-1], [(t, str(t)) for t in range(0, int(times[-1]) + 1, 2)], "seconds", most,
                  "messages a second; messages waiting")
    for name, points in (("accepted, 200 or 202, a second", accepted), ("delivered a second", delivered),
                         ("waiting in the log", list(zip(times, run["backlog"])))):
        chart.draw(name, points)
    for words, moment in run["events"].items():
        chart.mark(moment, words)
    return chart.svg()


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in ("connections", "outage"):
        sys.exit(__doc__)
    figures = json.loads(pathlib.Path(sys.argv[2]).read_text(encoding="ascii"))
    drawing = connections(figures) if sys.argv[1] == "connections" else outage(figures)
    pathlib.Path(sys.argv[3]).write_text(drawing, encoding="utf-8")


if __name__ == "__main__":
    main()
