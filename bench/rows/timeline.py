"""One outage over time, at a steady rate: what is accepted, delivered and waiting, ten times a second. bench/plot.py
draws it."""
import threading
import time

from rig.load import at_rate, warm
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row

PER_SECOND = 20_000
SECONDS, KILLED, STARTED = 20, 3, 11  # of load; when Kafka is killed and started


def sample(program, run, begin):
    status = program.status()
    run["seconds"].append(time.monotonic() - begin)
    run["accepted"].append(status["totals"]["accepted"])
    run["delivered"].append(status["totals"]["delivered"])
    run["backlog"].append(status["backlog_messages"])
    return status


def until(moment, program, run, begin):
    while time.monotonic() - begin < moment:
        sample(program, run, begin)
        time.sleep(0.1)


def measure(world, figures):
    run = {"seconds": [], "accepted": [], "delivered": [], "backlog": [], "events": {}}
    answers = {}
    with Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log) as program:
        program.wait_for_state("direct")
        warm(program.url, world.size)
        load = threading.Thread(target=lambda: answers.update(at_rate(program.url, PER_SECOND, 64, SECONDS, world.size)))
        begin = time.monotonic()
        load.start()
        until(KILLED, program, run, begin)
        run["events"]["Kafka killed"] = time.monotonic() - begin
        world.kafka.kill()
        until(STARTED, program, run, begin)
        run["events"]["Kafka started"] = time.monotonic() - begin
        world.kafka.start()
        until(SECONDS, program, run, begin)
        load.join()
        program.wait_until_delivered()
        totals = program.status()["totals"]
    figures.add("timeline", run)
    figures.add("timeline not 2xx", answers["not_2xx"])
    figures.add("timeline missing", totals["accepted"] - totals["delivered"])


def rows(_, figures):
    yield Row(f"{SECONDS} s at {PER_SECOND:,} msg/s with Kafka gone for {STARTED - KILLED} s of them", "answers not 2xx",
              figures.most("timeline not 2xx"), f"{figures.most('timeline missing')} accepted and not delivered", at_most=0)
