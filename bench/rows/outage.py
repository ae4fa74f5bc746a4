"""Kafka dead: what is answered then, every 202 after fdatasync."""
import subprocess
import time

from rig import outage
from rig.load import as_fast_as_answered, warm
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row

CONNECTIONS = (1, 64, 256, 1000)
SECONDS = 3


def disk_rate(world):
    """Bytes a second of one sequential write with a sync at its end."""
    file = world.work / "sequential"
    begin = time.monotonic()
    subprocess.run(["dd", "if=/dev/zero", f"of={file}", "bs=1M", "count=512", "conv=fdatasync", "status=none"],
                   check=True)
    seconds = time.monotonic() - begin
    file.unlink()
    return 512 * (1 << 20) / seconds


def measure(world, figures):
    with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program:
        program.wait_for_state("direct")
        warm(program.url, world.size)
        figures.add("outage healthy", as_fast_as_answered(program.url, 64, SECONDS, world.size)["rate"])
        outage.begin(world.kafka, program, world.size)
        for connections in CONNECTIONS:
            figures.add_run(f"outage {connections}",
                            as_fast_as_answered(program.url, connections, SECONDS, world.size))
        figures.add("disk", disk_rate(world))
        run = as_fast_as_answered(program.url, 8, SECONDS, world.size, "lines", 1000)
        figures.add("outage lines", run["rate"])
        outage.end(world.kafka, program)


def rows(world, figures):
    for connections in CONNECTIONS:
        against = {"against": "its own healthy rate at 64 connections", "theirs": figures.median("outage healthy"),
                   "at_least": 1.0} if connections == 64 else {}
        yield Row(f"Kafka dead, {connections} connections; 202: fdatasync has returned", "msg/s",
                  figures.median(f"outage {connections} rate"), figures.latencies(f"outage {connections}"), **against)
    lines = figures.median("outage lines")
    batches = "Kafka dead, 1,000 NDJSON lines a request, 8 connections; 202: fdatasync has returned"
    yield Row(batches, "msg/s", lines, at_least=500_000)
    yield Row("the same, as bytes of values", "MB/s", lines * world.size / 1e6, "", "dd: 512 MiB, one fdatasync",
              figures.median("disk") / 1e6)
