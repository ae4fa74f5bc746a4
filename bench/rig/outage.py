"""Takes Kafka away from a rebufd and gives it back."""
import os
import time

from rig.load import as_fast_as_answered
from rig.process import wait_for


def begin(kafka, program, size):
    os.sync()  # what Kafka wrote before does not share the disk with the log
    kafka.kill()
    wait_for("the outage to be seen", lambda: as_fast_as_answered(program.url, 1, 1, size)["not_2xx"] == 0
             and program.status()["state"] == "buffering")


def fill(kafka, program, size, messages):
    """Begins an outage of at least so many messages; returns how many wait."""
    begin(kafka, program, size)
    grow(program, size, messages)
    return program.backlog()


def grow(program, size, messages):
    """Of a route that delivers nothing: until at least so many wait."""
    while program.backlog() < messages:
        as_fast_as_answered(program.url, 8, 1, size, "lines", 1000)


def end(kafka, program):
    """Starts Kafka; returns the messages delivered between the drain's first and its last, and the seconds it took."""
    before = program.status()["totals"]["replayed"]
    kafka.start()
    wait_for("the drain to begin", lambda: program.status()["totals"]["replayed"] > before)
    begun, first = time.monotonic(), program.status()["totals"]["replayed"]
    wait_for("the drain to end", lambda: program.status()["state"] == "direct", 600)
    return program.status()["totals"]["replayed"] - first, time.monotonic() - begun
