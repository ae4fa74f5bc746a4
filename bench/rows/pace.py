"""Below the maximum: one connection, half the rate, and the CPU that a message takes at 5,000 a second."""
from rig.load import as_fast_as_answered, at_rate, warm
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row
from rows.answered import bare_program

SECONDS = 4
STEADY = 5000


def cpu_us(program, size):
    before = program.cpu_seconds()
    run = at_rate(program.url, STEADY, 16, SECONDS, size)
    return (program.cpu_seconds() - before) * 1e6 / run["answers"]


def measure(world, figures):
    with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program, \
         bare_program(world, 0, 2) as bare:
        program.wait_for_state("direct")
        for each in (program, bare):
            warm(each.url, world.size)
        figures.add("one connection", as_fast_as_answered(program.url, 1, SECONDS, world.size)["p50_ms"])
        figures.add("one produce", world.produce(5000, 0, 1, window=1)["p50_ms"])
        most = as_fast_as_answered(program.url, 64, SECONDS, world.size)["rate"]
        half = at_rate(program.url, most / 2, 64, SECONDS, world.size)
        figures.add_run("half", half)
        figures.add("cpu", cpu_us(program, world.size))
        figures.add("cpu bare", cpu_us(bare, world.size))


def rows(_, figures):
    yield Row("one connection, median answer; 200: Kafka has it", "ms", figures.median("one connection"), "",
              "librdkafka alone, one at a time, acks=all", figures.median("one produce"), at_most=1.3)
    at = f"at half the maximal rate ({figures.median('half rate'):,.0f} msg/s, 64 connections)"
    yield Row(f"p50 {at}", "ms", figures.median("half p50_ms"), at_most=3)
    yield Row(f"p99 {at}", "ms", figures.median("half p99_ms"), at_most=10)
    yield Row(f"CPU a message at {STEADY:,} msg/s; 200: Kafka has it", "us", figures.median("cpu"), "",
              "bare libmicrohttpd + librdkafka, linger 0, 2 in flight", figures.median("cpu bare"))
