"""A thousand messages a request, against librdkafka alone with its messages in memory."""
from rig.load import as_fast_as_answered, warm
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row

SECONDS = 3
MESSAGES = 1_000_000


def measure(world, figures):
    with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program:
        program.wait_for_state("direct")
        warm(program.url, world.size)
        for form, url in (("lines", program.url), ("array", program.url + "/batch")):
            figures.add(form, as_fast_as_answered(url, 8, SECONDS, world.size, form, 1000)["rate"])
            figures.add("batches alone", max(world.produce(MESSAGES, 0, 2)["rate"], world.produce(MESSAGES, 5, 5)["rate"]))


def rows(_, figures):
    against = {"against": "librdkafka alone from memory, acks=all", "theirs": figures.median("batches alone")}
    yield Row("1,000 NDJSON lines a request, 8 connections; 200: Kafka has them, acks=all", "msg/s",
              figures.median("lines"), **against, at_least=0.7)
    yield Row("1,000 elements of a JSON array a request, the same", "msg/s", figures.median("array"), **against,
              at_least=0.5)
