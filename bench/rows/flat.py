"""What a message costs with many connections, many routes, a long backlog, small and large values. Where nothing else is named
rebufd is compared with itself, and the answers mean on both sides what the row says."""
import os

from rig import outage
from rig.load import as_fast_as_answered, warm
from rig.process import wait_for
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row
from rows.answered import bare_program

CONNECTIONS = (1, 64, 1000, 10_000)
BARE = (0, 1)  # linger, requests in flight: as rebufd
ROUTES = 200
SIZES = {16: "16 B", 256: "256 B", 4 << 10: "4 KiB", 64 << 10: "64 KiB", 1 << 20: "1 MiB", 4 << 20: "4 MiB"}
SECONDS = 3


def run(program, figures, name, connections, size, routes=1):
    before = program.cpu_seconds()
    measured = as_fast_as_answered(program.url, connections, SECONDS, size, routes=routes)
    figures.add_run(name, measured)
    figures.add(f"{name} cpu", 1e6 * (program.cpu_seconds() - before) / (measured["rate"] * SECONDS))


def many_connections(world, figures):
    with bare_program(world, *BARE) as program:
        warm(program.url, world.size)
        figures.add_run("bare", as_fast_as_answered(program.url, CONNECTIONS[-1], SECONDS, world.size))
    with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program:
        program.wait_for_state("direct")
        warm(program.url, world.size)
        for connections in CONNECTIONS:
            run(program, figures, f"connections {connections}", connections, world.size)
        figures.add("connections memory", program.memory_mib("VmHWM"))


def many_routes(world, figures):
    for routes in (1, ROUTES):
        with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log, routes=routes) as program:
            wait_for("every route direct", lambda: all(route["state"] == "direct" for route in program.routes()))
            warm(program.url, world.size)
            run(program, figures, f"one of {routes}", 64, world.size)
            run(program, figures, f"over {routes}", 64, world.size, routes)
            figures.add(f"routes {routes} memory", program.memory_mib("VmHWM"))
            program.end()
            figures.add(f"routes {routes} start", program.first_answer_ms())


def long_backlog(world, figures):
    with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program:
        program.wait_for_state("direct")
        program.control("pause")
        warm(program.url, world.size)
        run(program, figures, "backlog short", 64, world.size)
        outage.grow(program, world.size, world.backlog)
        os.sync()
        run(program, figures, "backlog long", 64, world.size)
        figures.add("backlog messages", program.backlog())


def sizes(world, figures):
    with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program:
        program.wait_for_state("direct")
        program.control("pause")
        for size in SIZES:
            run(program, figures, f"size {size}", 8, size)
        figures.add("size memory", program.memory_mib("VmHWM"))


def measure(world, figures):
    many_connections(world, figures)
    many_routes(world, figures)
    long_backlog(world, figures)
    sizes(world, figures)


def note(figures, name):
    return f"{figures.latencies(name)}; CPU {figures.median(f'{name} cpu'):.1f} us a message"


def rows(_, figures):
    healthy, logged = "200: Kafka has it, acks=all", "202: fdatasync has returned"
    for connections in CONNECTIONS:
        name = f"connections {connections}"
        most = connections == CONNECTIONS[-1]
        yield Row(f"{connections:,} connections; {healthy}", "msg/s", figures.median(f"{name} rate"), note(figures, name),
                  "bare libmicrohttpd + librdkafka, acks=all, linger 0, 1 in flight" if most else "",
                  figures.median("bare rate") if most else None, at_least=0.85 if most else None)
    yield Row("memory, the most under these", "MiB", figures.median("connections memory"))
    yield Row(f"64 connections to one of {ROUTES} routes; {healthy}", "msg/s", figures.median(f"one of {ROUTES} rate"),
              note(figures, f"one of {ROUTES}"), "the only route", figures.median("one of 1 rate"), at_least=0.8)
    yield Row(f"64 connections to {ROUTES} routes by turns; {healthy}", "msg/s", figures.median(f"over {ROUTES} rate"),
              note(figures, f"over {ROUTES}"))
    yield Row(f"memory with {ROUTES} routes", "MiB", figures.median(f"routes {ROUTES} memory"), "", "with one",
              figures.median("routes 1 memory"))
    yield Row(f"start to the first answer with {ROUTES} routes", "ms", figures.median(f"routes {ROUTES} start"), "", "with one",
              figures.median("routes 1 start"))
    yield Row(f"64 connections behind {figures.median('backlog messages'):,.0f} messages of backlog; {logged}", "msg/s",
              figures.median("backlog long rate"), note(figures, "backlog long"), "behind few",
              figures.median("backlog short rate"), at_least=0.9)
    for size, text in SIZES.items():
        rate = figures.median(f"size {size} rate")
        yield Row(f"{text} a message, 8 connections; {logged}", "msg/s", rate,
                  f"{rate * size / 1e6:,.1f} MB/s, {note(figures, f'size {size}')}")
    yield Row("memory, the most under these", "MiB", figures.median("size memory"))
