#!/usr/bin/env python3
"""rebufd next to the forwarders that people would pick otherwise: each does the same work alone, one behind the other, in
rounds, on one real Kafka (one node, three partitions) that shares the machine with it and with the load. bench/peers
builds what can be built and runs this. A forwarder that is not there is said to be absent.

  healthy   Kafka is there: rates at 64, 256 and 1,000 connections, in batches, CPU and memory
  outage    Kafka is killed, and the forwarder in that; what is lost, copied, out of order is counted from the topic
"""
import argparse
import importlib
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time

from rig.kafka import Kafka
from rig.table import Figures, markdown

PHASES = ["healthy", "outage"]
FORWARDERS = ["ours", "collector", "telegraf", "fluent_bit"]
NEEDS = {"collector": "otelcol", "telegraf": "telegraf", "fluent_bit": "fluent_bit"}  # an argument of ours


class Stage:
    """What the phases share."""

    def __init__(self, kafka, work, size, connections):
        self.kafka, self.work, self.size, self.connections = kafka, work, size, connections
        self.topics = 0

    def topic(self):
        """One that nobody has used."""
        self.topics += 1
        return f"peers-{self.topics}"


def contestants(names, brokers, work, log, paths):
    return [contestant for name in names
            for contestant in importlib.import_module(f"forwarders.{name}").contestants(brokers, work, log, paths)]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("phases", nargs="*", metavar="PHASES", help="only these (default: all)")
    parser.add_argument("--only", nargs="+", default=FORWARDERS, choices=FORWARDERS, help="only these forwarders")
    for program in NEEDS.values():
        parser.add_argument(f"--{program.replace('_', '-')}", type=pathlib.Path, help="its program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=256, help="bytes a message (default 256)")
    parser.add_argument("--connections", type=int, default=64, help="in the outage (default 64)")
    parser.add_argument("--json", type=pathlib.Path, help="write all samples here")
    args = parser.parse_args()
    if unknown := set(args.phases) - set(PHASES):
        parser.error(f"no phases called {', '.join(unknown)}")
    args.paths = {program: getattr(args, program) for program in NEEDS.values()}
    for name in args.only:
        path = args.paths.get(NEEDS.get(name))
        if name in NEEDS and not (path and path.exists()):
            print(f"{name}: absent", file=sys.stderr)
            args.only = [other for other in args.only if other != name]
    return args


def run(phase, args, work, log, figures):
    with Kafka(work / f"kafka-{phase.__name__}", phase.KEEPS) as kafka:
        stage = Stage(kafka, work, args.size, args.connections)
        taking_part = contestants(args.only, kafka.brokers, work, log, args.paths)
        for number in range(args.rounds):
            for contestant in filter(phase.takes, taking_part):
                begin = time.monotonic()
                try:
                    phase.measure(stage, contestant, figures)
                    ended = f"{time.monotonic() - begin:.0f} s"
                except (Exception, SystemExit) as failure:  # the others go on without it
                    ended = f"failed: {failure}"
                print(f"round {number + 1}: {phase.__name__}, {contestant.name}: {ended}", file=sys.stderr, flush=True)
    print(markdown(phase.table(taking_part, figures)) + "\n", flush=True)


def main():
    args = arguments()
    work = pathlib.Path(tempfile.mkdtemp(prefix="rebuf-peers-"))
    figures = Figures()
    print(f"{os.cpu_count()} cores shared by load, forwarder and a one-node Kafka; {args.size} B a message; medians (of lost, "
          f"copies and out of order: the worst) of {args.rounds} interleaved rounds.\n", flush=True)
    with open(work / "log", "w", encoding="utf-8") as log:
        for name in args.phases or PHASES:
            run(importlib.import_module(f"phases.{name}"), args, work, log, figures)
    if args.json:
        args.json.write_text(json.dumps(figures.samples, indent=1), encoding="ascii")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
