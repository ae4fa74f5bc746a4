"""After an outage in which rebufd died too: how soon it answers again, and how soon nothing is left once Kafka is ready.
Against librdkafka alone with as many messages in memory, to a Kafka that has just been restarted too."""
import time

from rig import outage
from rig.load import warm
from rig.process import wait_for
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row
from rows.drain import alone


def measure(world, figures):
    with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program:
        program.wait_for_state("direct")
        warm(program.url, world.size)
        figures.add("recovery backlog", outage.fill(world.kafka, program, world.size, world.backlog))
        program.kill()
        figures.add("recovery first answer", program.first_answer_ms())
        world.kafka.start()
        world.kafka.wait()
        ready, left = time.monotonic(), program.backlog()
        wait_for("the backlog to be delivered", lambda: program.backlog() == 0, 600)
        took = time.monotonic() - ready
        figures.add("recovery", left / took)
        figures.add("recovery seconds", took)
        figures.add("recovery memory", program.memory_mib("VmHWM"))
    figures.add("recovery alone", alone(world, left))


def rows(_, figures):
    backlog = f"{figures.median('recovery backlog'):,.0f} messages of backlog"
    yield Row(f"SIGKILL with {backlog}: start to the first answer", "ms", figures.median("recovery first answer"),
              at_most=200)
    yield Row("then, from Kafka ready to nothing left, in order, acks=all", "msg/s", figures.median("recovery"),
              f"{figures.median('recovery seconds'):.2g} s",
              "librdkafka alone from memory, acks=all, to a Kafka just restarted too", figures.median("recovery alone"),
              at_least=0.6)
    yield Row("memory, the most from that start to nothing left", "MiB", figures.median("recovery memory"), at_most=64)
