"""What rebufd takes of the machine when little or nothing happens, and how soon it answers."""
import time

from rig.load import Idle, as_fast_as_answered
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row

IDLE_CONNECTIONS = 5000
IDLE_SECONDS = 5
BACKLOG_BYTES = 2 << 30


def idle_connections(program, figures):
    with Idle(program.port, IDLE_CONNECTIONS):
        time.sleep(1)
        before = program.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        figures.add("idle cpu", (program.cpu_seconds() - before) / IDLE_SECONDS * 100)
        figures.add("idle memory", program.memory_mib())


def measure(world, figures):
    with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program:
        program.wait_for_state("direct")
        figures.add("memory", program.memory_mib())
        figures.add("memory of its own", program.memory_mib("RssAnon"))
        idle_connections(program, figures)
        program.end()
        figures.add("first answer", program.first_answer_ms())
    no_kafka = '{ type: kafka, brokers: [ "127.0.0.1:1" ] }'
    with Rebufd(no_kafka, world.directory(), world.log) as program:
        while program.status()["backlog_bytes"] < BACKLOG_BYTES:
            as_fast_as_answered(program.url, 8, 2, world.size, "lines", 1000)
        program.kill()
        figures.add("first answer with backlog", program.first_answer_ms())


def rows(_, figures):
    yield Row("memory, idle", "MiB", figures.median("memory"),
              f"{figures.median('memory of its own'):.1f} MiB of it are its own, the rest is code of shared libraries",
              at_most=15)
    yield Row(f"memory, {IDLE_CONNECTIONS:,} idle connections", "MiB", figures.median("idle memory"), at_most=64)
    yield Row("CPU of these", "% of a core", figures.median("idle cpu"), at_most=2)
    yield Row("start to the first answer", "ms", figures.median("first answer"), at_most=50)
    yield Row(f"the same after a SIGKILL with {BACKLOG_BYTES >> 30} GiB of backlog", "ms",
              figures.median("first answer with backlog"), at_most=200)
