#!/usr/bin/env python3
"""The path of a message, measured: rebufd against programs that do the same with the bare libraries, interleaved, on one
real Kafka (one node) that shares the machine with them and with the load. Prints a table of medians and ratios; each row
says what either side guarantees. bench/rows/ has the rows, a module each:

  answered   one message a request, answered when Kafka has acknowledged it, at 64, 256 and 1,000 connections
  batches    a thousand messages a request, NDJSON and JSON array
  pace       one connection; half the maximal rate; CPU a message
  outage     Kafka dead, every 202 after fdatasync
  recovery   rebufd killed in the outage too: its first answer, and from Kafka ready to nothing left
  faults     what is lost, copied or out of order after each kind of fault
  drain      the backlog to the Kafka that is back, alone and with new messages coming in
  accepting  what is accepted while a backlog drains
  timeline   an outage at a steady rate, over time
  endpoint   a backlog to an HTTP endpoint
  footprint  memory, idle connections, start
  flat       many connections and routes, a long backlog, small and large values
"""
import argparse
import importlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from rig.kafka import Kafka
from rig.process import BIN
from rig.table import Figures, table

ROWS = ["answered", "batches", "pace", "outage", "drain", "accepting", "recovery", "faults", "timeline", "endpoint", "footprint",
        "flat"]


class World:
    """What the rows share."""

    def __init__(self, args, work, log):
        self.work, self.log, self.size, self.backlog = work, log, args.size, args.backlog
        self.kafka = Kafka(work / "kafka")
        self.directories = 0

    def directory(self):
        """A new one for a rebufd."""
        self.directories += 1
        return self.work / f"rebufd-{self.directories}"

    def produce(self, messages, linger, in_flight, window=10_000):
        """librdkafka alone: messages a second, and the median time from produce to acknowledgement."""
        return json.loads(subprocess.run(
            [BIN / "bare_producer", self.kafka.brokers, "bare-producer", str(messages), str(self.size), str(linger),
             str(in_flight), str(window)], check=True, stdout=subprocess.PIPE, stderr=self.log, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROWS", help="only these (default: all)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=256, help="bytes a message (default 256)")
    parser.add_argument("--backlog", type=int, default=1_000_000, help="messages to drain (default 1,000,000)")
    parser.add_argument("--json", type=pathlib.Path, help="write all samples here")
    args = parser.parse_args()
    if unknown := set(args.rows) - set(ROWS):
        parser.error(f"no rows called {', '.join(unknown)}")
    modules = [importlib.import_module(f"rows.{name}") for name in args.rows or ROWS]
    work = pathlib.Path(tempfile.mkdtemp(prefix="rebuf-bench-"))
    figures = Figures()
    with open(work / "log", "w", encoding="utf-8") as log:
        world = World(args, work, log)
        try:
            for number in range(args.rounds):
                for module in modules:
                    begin = time.monotonic()
                    module.measure(world, figures)
                    print(f"round {number + 1}: {module.__name__} took {time.monotonic() - begin:.0f} s",
                          file=sys.stderr, flush=True)
        finally:
            world.kafka.down()
    print(f"{os.cpu_count()} cores shared by load, program and a one-node Kafka; {args.size} B a message; medians of "
          f"{args.rounds} interleaved rounds.\n")
    print(table(row for module in modules for row in module.rows(world, figures)))
    if args.json:
        args.json.write_text(json.dumps(figures.samples, indent=1), encoding="ascii")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
