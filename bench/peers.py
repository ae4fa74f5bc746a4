#!/usr/bin/env python3
"""rebufd next to the forwarders that people would pick otherwise, on the same work in one run, interleaved, on one real
Kafka that shares the machine: 64 connections, one message a request. bench/peers builds what can be built here and runs
this. A peer that is not there is reported as absent."""
import argparse
import os
import pathlib
import shutil
import sys
import tempfile

from rig import outage
from rig.kafka import Kafka
from rig.load import as_fast_as_answered, warm
from rig.process import ROOT, Program, free_port
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Figures

CONNECTIONS = 64
SECONDS = 4
# name: (environment, what its 2xx means)
COLLECTOR = {
    "OpenTelemetry Collector, no queue": ({"QUEUE": "false", "FSYNC": "false"}, "Kafka has it"),
    "OpenTelemetry Collector, file_storage with fsync": ({"QUEUE": "true", "FSYNC": "true"}, "fsynced"),
    "OpenTelemetry Collector, file_storage": ({"QUEUE": "true", "FSYNC": "false"}, "in the page cache"),
}


def collector(binary, environment, brokers, work, log):
    port = free_port()
    data = pathlib.Path(tempfile.mkdtemp(dir=work))
    return Program([binary, "--config", ROOT / "bench/peer/otelcol.yaml"], port, f"http://127.0.0.1:{port}/v1/logs", log,
                   {**environment, "BROKERS": brokers, "PORT": str(port), "DATA": str(data)})


class Field:
    """The programs that take part, each started anew when it is asked for."""

    def __init__(self, args, kafka, work, log):
        self.args, self.kafka, self.work, self.log = args, kafka, work, log
        self.names = ["rebufd"] + (list(COLLECTOR) if args.otelcol.exists() else [])

    def start(self, name):
        if name == "rebufd":
            program = Rebufd(kafka_sink(self.kafka.brokers), pathlib.Path(tempfile.mkdtemp(dir=self.work)) / "data", self.log)
            program.wait_for_state("direct")
        else:
            program = collector(self.args.otelcol, COLLECTOR[name][0], self.kafka.brokers, self.work, self.log)
        warm(program.url, self.args.size, form_of(name))
        return program

    def load(self, phase, name, program, figures):
        before = program.cpu_seconds()
        run = as_fast_as_answered(program.url, CONNECTIONS, SECONDS, self.args.size, form_of(name))
        name = f"{phase} {name}"
        figures.add_run(name, run)
        figures.add(f"{name} cpu_us", (program.cpu_seconds() - before) * 1e6 / max(run["rate"] * SECONDS, 1))
        figures.add(f"{name} memory", program.memory_mib())

    def survives_outage(self, name):
        return name == "rebufd" or COLLECTOR[name][0]["QUEUE"] == "true"


def form_of(name):
    return "single" if name == "rebufd" else "otlp"


def measure(field, figures):
    """Healthy one after the other, each alone; then all at once into an outage, one of them under load."""
    for name in field.names:
        program = field.start(name)
        field.load("healthy", name, program, figures)
        program.kill()
    programs = {name: field.start(name) for name in field.names if field.survives_outage(name)}
    outage.begin(field.kafka, programs["rebufd"], field.args.size)
    for name, program in programs.items():
        field.load("outage", name, program, figures)
    for program in programs.values():
        program.kill()
    field.kafka.start()
    field.kafka.wait()


def print_table(figures):
    print("| Kafka | forwarder | its 2xx means | msg/s | answers | CPU a message, us | memory, MiB |\n|" + "---|" * 7)
    for phase, meaning in (("healthy", "Kafka has it"), ("outage", "fdatasync has returned")):
        for name, says in [("rebufd", meaning)] + [(name, says) for name, (_, says) in COLLECTOR.items()]:
            if not figures.has(f"{phase} {name} rate"):
                continue
            median = {what: figures.median(f"{phase} {name} {what}") for what in ("rate", "cpu_us", "memory")}
            print(f"| {phase} | {name} | {says} | {median['rate']:,.0f} | {figures.latencies(f'{phase} {name}')} | "
                  f"{median['cpu_us']:.0f} | {median['memory']:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--otelcol", type=pathlib.Path, required=True, help="the collector's program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=256, help="bytes a message (default 256)")
    args = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="rebuf-peers-"))
    figures = Figures()
    with open(work / "log", "w", encoding="utf-8") as log:
        kafka = Kafka(work / "kafka")
        try:
            field = Field(args, kafka, work, log)
            for _ in range(args.rounds):
                measure(field, figures)
        finally:
            kafka.down()
    print(f"{os.cpu_count()} cores shared by load, program and a one-node Kafka; {args.size} B a message, {CONNECTIONS} "
          f"connections; medians of {args.rounds} interleaved rounds.\n")
    print_table(figures)
    if not args.otelcol.exists():
        print("\nOpenTelemetry Collector: absent.", file=sys.stderr)
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
