"""What is accepted while a backlog drains, against what is accepted while nothing drains: the same route, load, log and Kafka, and
every 202 after fdatasync. The route is paused, drains, and is paused again, so that neither a broker that is starting nor a disk
that tires counts for one side alone."""
from rig import outage
from rig.load import as_fast_as_answered, warm
from rig.process import wait_for
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row

SECONDS = 4
LOADS = {"one message a request, 64 connections": (64, "single", 1),
         "1,000 NDJSON lines a request, 8 connections": (8, "lines", 1000)}


def accepted(world, program, load):
    connections, form, count = LOADS[load]
    return as_fast_as_answered(program.url, connections, SECONDS, world.size, form, count)["rate"]


def measure(world, figures):
    for load in LOADS:
        with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program:
            program.wait_for_state("direct")
            warm(program.url, world.size)
            outage.begin(world.kafka, program, world.size)
            outage.grow(program, world.size, 2 * world.backlog)
            program.control("pause")
            world.kafka.start()
            world.kafka.wait()
            paused = accepted(world, program, load)
            program.control("resume")
            wait_for("the drain to begin", lambda: program.status()["totals"]["replayed"] > 0)
            before = program.status()["totals"]["replayed"]
            figures.add(f"draining, {load}", accepted(world, program, load))
            figures.add(f"drained, {load}", (program.status()["totals"]["replayed"] - before) / SECONDS)
            if program.status()["state"] != "draining":
                raise RuntimeError("the drain ended before it was measured: a larger --backlog is needed")
            program.control("pause")
            figures.add(f"paused, {load}", (paused + accepted(world, program, load)) / 2)


def rows(_, figures):
    for load in LOADS:
        yield Row(f"accepted while draining, {load}", "msg/s", figures.median(f"draining, {load}"),
                  f"{figures.median(f'drained, {load}'):,.0f} msg/s drained meanwhile",
                  "the same while the route is paused", figures.median(f"paused, {load}"), at_least=0.8)
