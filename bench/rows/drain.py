"""The backlog of an outage to the Kafka that is back, in order, jitter 0s; alone, and while new messages come in.
Against librdkafka alone with its messages in memory, to a Kafka that has just been restarted too."""
import threading

from rig import outage
from rig.load import at_rate, warm
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row

INGEST_PER_SECOND = 12_000  # about a fifth of what is answered when healthy


def alone(world, messages):
    rates = []
    for linger, in_flight in ((0, 2), (5, 5)):
        world.kafka.restart()
        rates.append(world.produce(messages, linger, in_flight)["rate"])
    return max(rates)


def with_ingest(world, program, figures):
    """What comes in meanwhile goes behind the backlog. It is long enough for the drain, and none of it is lost."""
    outage.fill(world.kafka, program, world.size, world.backlog)
    seconds = max(10, world.backlog // 100_000)
    answers = {}
    ingest = threading.Thread(
        target=lambda: answers.update(at_rate(program.url, INGEST_PER_SECOND, 64, seconds, world.size)))
    ingest.start()
    delivered, took = outage.end(world.kafka, program)
    ingest.join()
    program.wait_until_delivered()
    figures.add("drain with ingest", delivered / took)
    totals = program.status()["totals"]
    figures.add("ingest unanswered", answers["not_2xx"])
    figures.add("ingest missing", totals["accepted"] - totals["delivered"])


def measure(world, figures):
    with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program:
        program.wait_for_state("direct")
        warm(program.url, world.size)
        figures.add("drained", outage.fill(world.kafka, program, world.size, world.backlog))
        delivered, took = outage.end(world.kafka, program)
        figures.add("drain", delivered / took)
        with_ingest(world, program, figures)
        figures.add("drain memory", program.memory_mib("VmHWM"))
    figures.add("alone", alone(world, delivered))


def rows(_, figures):
    against = {"against": "librdkafka alone from memory, acks=all, to a Kafka just restarted too",
               "theirs": figures.median("alone")}
    yield Row(f"drain of {figures.median('drained'):,.0f} messages from the disk, in order, acks=all", "msg/s",
              figures.median("drain"), **against, at_least=0.7)
    yield Row(f"the same with {INGEST_PER_SECOND:,} msg/s coming in", "msg/s", figures.median("drain with ingest"),
              f"{figures.median('ingest unanswered'):.0f} not 2xx, {figures.median('ingest missing'):.0f} accepted and "
              "not delivered", **against, at_least=0.5)
    yield Row("memory, the most in outage and drain", "MiB", figures.median("drain memory"), at_most=64)
