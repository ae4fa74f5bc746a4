#!/usr/bin/env python3
"""The path of a message, measured: rebufd against programs that do the same with the bare libraries, interleaved, on
one real Kafka (one node) that shares the machine with them and with the load. Prints a table of medians and ratios.

  healthy   POST, one message a request, answered when Kafka has acknowledged it (acks=all), both sides
  outage    the same POST with Kafka killed: every 202 after fdatasync; against rebufd's own healthy rate
  drain     the backlog of the outage to the restarted Kafka, jitter 0s, against librdkafka alone with messages in
            memory, to the Kafka restarted once more
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/release/bin"
BARE_SETTINGS = [(linger, in_flight) for linger in (0, 1, 2) for in_flight in (1, 2, 5)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"bench: {what} did not happen within {seconds} s")
        time.sleep(0.02)


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Kafka:
    def __init__(self, directory):
        self.directory, self.script = directory, ROOT / "tests/kafka/kafka"
        self.brokers = subprocess.run(
            [self.script, "up", directory, "1", "auto.create.topics.enable=true", "num.partitions=3"],
            check=True, stdout=subprocess.PIPE, text=True).stdout.strip().splitlines()[-1]

    def kill(self):
        subprocess.run([self.script, "kill", self.directory, "1"], check=True, stdout=subprocess.DEVNULL)

    def start(self):
        subprocess.run([self.script, "start", self.directory, "1"], check=True, stdout=subprocess.DEVNULL)

    def wait(self):
        subprocess.run([self.script, "wait", self.directory], check=True, stdout=subprocess.DEVNULL)

    def down(self):
        subprocess.run([self.script, "down", self.directory], check=True, stdout=subprocess.DEVNULL)


class Program:
    """Something that listens for POSTs; ended with SIGTERM."""

    def __init__(self, arguments, port, url, log):
        self.url = url
        self.process = subprocess.Popen([str(argument) for argument in arguments], stdout=log, stderr=log)
        wait_for(f"{arguments[0]} listening", lambda: connects(port))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def memory_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


class Bare(Program):
    def __init__(self, brokers, linger, in_flight, log):
        port = free_port()
        super().__init__([BIN / "bare_http_kafka", port, brokers, "bare", linger, in_flight], port,
                         f"http://127.0.0.1:{port}/", log)


CONFIGURATION = """
data_dir: {data}
http: {{ listen: "127.0.0.1:{port}" }}
admin: {{ listen: "127.0.0.1:{admin}", socket: {data}/admin.sock }}
limits: {{ keep_free: 0B }}
sinks: {{ kafka: {{ type: kafka, brokers: [ {brokers} ] }} }}
routes: {{ bench: {{ sink: kafka, buffer: {{ max_bytes: 8GiB }}, drain: {{ jitter: 0s }} }} }}
"""


class Rebufd(Program):
    def __init__(self, brokers, directory, log):
        port, self.admin = free_port(), free_port()
        directory.mkdir(parents=True)
        file = directory / "rebufd.yaml"
        quoted = ", ".join(f'"{broker}"' for broker in brokers.split(","))
        file.write_text(CONFIGURATION.format(data=directory, port=port, admin=self.admin, brokers=quoted))
        super().__init__([BIN / "rebufd", "--config", file], port, f"http://127.0.0.1:{port}/ingest/bench", log)

    def status(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/api/v1/status") as answer:
            return json.load(answer)["routes"][0]

    def wait_for_state(self, state, seconds=60):
        wait_for(f"state {state}", lambda: self.status()["state"] == state, seconds)


def load(url, connections, seconds, size):
    out = subprocess.run(
        ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "10s", "-s",
         str(ROOT / "bench/post.lua"), url, "--", str(size)], check=True, capture_output=True, text=True).stdout
    return json.loads(out.strip().splitlines()[-1])


def warm(url, size):
    load(url, 4, 1, size)


def healthy(args, kafka, work, log):
    """Rates by connections: {connections: {"rebufd": [..], "bare": {setting: [..]}}}"""
    results = {}
    settings = BARE_SETTINGS if args.all_settings else [(0, 1), (0, 2), (1, 5), (2, 5)]
    for connections in args.connections:
        ours, bare = [], {setting: [] for setting in settings}
        for round_number in range(args.rounds):
            for setting in settings:
                program = Bare(kafka.brokers, *setting, log)
                warm(program.url, args.size)
                bare[setting].append(load(program.url, connections, args.seconds, args.size))
                program.end()
            program = Rebufd(kafka.brokers, work / f"healthy-{connections}-{round_number}", log)
            program.wait_for_state("direct")
            warm(program.url, args.size)
            ours.append(load(program.url, connections, args.seconds, args.size) | {"memory": program.memory_mib()})
            program.end()
        results[connections] = {"rebufd": ours, "bare": bare}
    return results


def outage_and_drain(args, kafka, work, log):
    """Per round: the outage's load result, the backlog, the drain's and the bare producer's messages a second."""
    rounds = []
    for round_number in range(args.rounds):
        program = Rebufd(kafka.brokers, work / f"outage-{round_number}", log)
        program.wait_for_state("direct")
        warm(program.url, args.size)
        kafka.kill()
        wait_for("the outage to be seen", lambda: load(program.url, 1, 1, args.size)["not_2xx"] == 0
                 and program.status()["state"] == "buffering")
        outage = load(program.url, args.connections[0], args.outage_seconds, args.size)
        backlog = program.status()["backlog_messages"]
        kafka.start()
        wait_for("the drain to begin", lambda: program.status()["backlog_messages"] < backlog)
        begin, left = time.monotonic(), program.status()["backlog_messages"]
        wait_for("the drain to end", lambda: program.status()["backlog_messages"] == 0, 600)
        drain = left / (time.monotonic() - begin)
        program.end()
        alone = max(bare_drain(args, kafka, left, *setting) for setting in (("0", "2"), ("5", "5")))
        rounds.append({"outage": outage, "backlog": left, "drain": drain, "alone": alone})
    return rounds


def bare_drain(args, kafka, messages, linger, in_flight):
    """To a Kafka that has just been restarted too: a cold broker takes a third of what a warm one does."""
    kafka.kill()
    kafka.start()
    kafka.wait()
    return float(subprocess.run(
        [BIN / "bare_producer", kafka.brokers, "bare-drain", str(messages), str(args.size), linger, in_flight, "10000"],
        check=True, capture_output=True, text=True).stdout)


def median(values):
    return statistics.median(list(values))


def report(args, healthy_results, rounds):
    print(f"\nMachine: {os.cpu_count()} cores shared by load, program and a one-node Kafka; {args.size} B a message; "
          f"medians of {args.rounds} interleaved rounds of {args.seconds} s.")
    print("\n| healthy: 200 after Kafka's acknowledgement, acks=all | connections | msg/s | p50 ms | p99 ms | ratio |")
    print("|---|---|---|---|---|---|")
    ours_at_first = None
    for connections, result in healthy_results.items():
        rates = {setting: median(run["rate"] for run in runs) for setting, runs in result["bare"].items()}
        best = max(rates, key=rates.get)
        ours = median(run["rate"] for run in result["rebufd"])
        ours_at_first = ours_at_first or ours
        for name, runs in ((f"bare libmicrohttpd + librdkafka, best: linger {best[0]} in flight {best[1]}",
                            result["bare"][best]), ("rebufd", result["rebufd"])):
            rate = median(run["rate"] for run in runs)
            print(f"| {name} | {connections} | {rate:.0f} | {median(r['p50_ms'] for r in runs):.2f} | "
                  f"{median(r['p99_ms'] for r in runs):.2f} | {rate / rates[best]:.2f} |")
        if any(run["not_2xx"] or run["broken"] for run in result["rebufd"]):
            print("rebufd answered something that is not 2xx", file=sys.stderr)
    if not rounds:
        return
    outage = median(r["outage"]["rate"] for r in rounds)
    print("\n| outage and drain | msg/s | against | ratio |\n|---|---|---|---|")
    if ours_at_first:
        print(f"| rebufd, Kafka dead: 202 after fdatasync, {args.connections[0]} connections | {outage:.0f} | "
              f"its healthy rate {ours_at_first:.0f} | {outage / ours_at_first:.2f} |")
    drain, alone = median(r["drain"] for r in rounds), median(r["alone"] for r in rounds)
    print(f"| rebufd's drain of {median(r['backlog'] for r in rounds):.0f} messages from the disk, acks=all | {drain:.0f} | "
          f"librdkafka alone from memory {alone:.0f} | {drain / alone:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of one healthy load (default 5)")
    parser.add_argument("--outage-seconds", type=int, default=15)
    parser.add_argument("--size", type=int, default=256, help="bytes a message, a multiple of 16 (default 256)")
    parser.add_argument("--connections", type=int, nargs="+", default=[64], help="keep-alive connections (default 64)")
    parser.add_argument("--all-settings", action="store_true", help="the bare program at all nine linger and in-flight settings")
    parser.add_argument("--only", choices=["healthy", "outage"])
    parser.add_argument("--json", type=pathlib.Path, help="write all figures here")
    args = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="rebuf-bench-"))
    kafka = Kafka(work / "kafka")
    try:
        with open(work / "log", "w") as log:
            first = healthy(args, kafka, work, log) if args.only != "outage" else {}
            second = outage_and_drain(args, kafka, work, log) if args.only != "healthy" else []
        report(args, first, second)
        if args.json:
            text = {"healthy": {str(c): {"rebufd": r["rebufd"], "bare": {str(s): v for s, v in r["bare"].items()}}
                                for c, r in first.items()}, "outage": second}
            args.json.write_text(json.dumps(text, indent=1))
    finally:
        kafka.down()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
