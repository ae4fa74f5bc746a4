"""What each kind of fault leaves in the topic: messages answered 2xx and lost, copies, and messages out of order, counted
by their numbers from a topic of their own. Each connection of the load is a key."""
import os
import subprocess
import sys
import time

from rig import outage
from rig.kafka import Kafka
from rig.numbered import NumberedLoad, audit
from rig.process import wait_for
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row

SECONDS = 8  # of load
BEFORE = 2  # of them before the fault
DOWN = 3  # a broker is gone


def broker_dies(kafka, _):
    kafka.kill()
    time.sleep(DOWN)
    kafka.start()


def broker_freezes(kafka, _):
    kafka.freeze()
    time.sleep(DOWN)
    kafka.thaw()


def connections_reset(kafka, _):
    """By the kernel, for root."""
    host, port = kafka.brokers.split(":")
    reset = subprocess.run(["ss", "-H", "-t", "-K", "dst", host, "dport", "=", port], check=True, capture_output=True)
    if not reset.stdout:
        sys.exit("bench: this kernel resets no connections (CONFIG_INET_DIAG_DESTROY)")


def rebufd_dies(_, program):
    program.kill()
    program.start_again()


def rebufd_restarts(_, program):
    program.end()
    program.start_again()


# What happens, to whom, and whether while a backlog is being drained.
FAULTS = {
    "the broker is killed (SIGKILL), and started again": (broker_dies, False),
    "the broker is frozen (SIGSTOP) for 3 s": (broker_freezes, False),
    "every connection to the broker is reset": (connections_reset, False),
    "rebufd is killed (SIGKILL) while it delivers directly": (rebufd_dies, False),
    "rebufd is killed (SIGKILL) while it drains": (rebufd_dies, True),
    "rebufd is stopped (SIGTERM) while it drains": (rebufd_restarts, True),
}


def under_load(world, kafka, program, fault):
    load = NumberedLoad(world.work, program.url, world.size, 64, SECONDS)
    time.sleep(BEFORE)
    fault(kafka, program)
    return load, load.result()["begin_ms"]


def while_draining(world, kafka, program, fault):
    outage.begin(kafka, program, world.size)
    load = NumberedLoad(world.work, program.url, world.size, 8, BEFORE, "lines", 1000)
    result = load.result()
    kafka.start()
    wait_for("half of the drain", lambda: program.backlog() < result["accepted"] / 2)
    fault(kafka, program)
    return load, result["begin_ms"]


def measure(world, figures):
    with Kafka(world.work / "faults-kafka", keeps=True) as kafka:
        for number, (name, (fault, draining)) in enumerate(FAULTS.items()):
            if fault is connections_reset and os.geteuid() != 0:
                continue
            topic = f"faults-{number}"
            with Rebufd(kafka_sink(kafka.brokers), world.directory(), world.log, topic) as program:
                program.wait_for_state("direct")
                load, begin_ms = (while_draining if draining else under_load)(world, kafka, program, fault)
                program.wait_until_delivered()
                seen = audit(kafka, topic, load, begin_ms)
            for what in ("stored", "lost", "copies", "out_of_order"):
                figures.add(f"{name} {what}", seen[what])


def rows(_, figures):
    """The worst of all rounds."""
    for name, (fault, draining) in FAULTS.items():
        if not figures.has(f"{name} copies"):
            continue
        worst = {what: figures.most(f"{name} {what}") for what in ("stored", "lost", "copies", "out_of_order")}
        unavoidable = fault is rebufd_dies and draining  # what was delivered within the cursor's lag
        yield Row(f"copies when {name}", f"of {worst['stored']:,} messages", worst["copies"],
                  f"lost {worst['lost']}, out of order {worst['out_of_order']}", at_most=None if unavoidable else 0)
