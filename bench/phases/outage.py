"""An outage in which the forwarder dies too: load on some connections, Kafka killed, the forwarder killed and started in it,
the load's end, Kafka started, and what is in the topic when nothing more comes."""
import os
import subprocess
import time

from rig.numbered import NumberedLoad, audit

KEEPS = True
HEALTHY, BEFORE_DEATH, AFTER_DEATH = 3, 6, 4  # seconds of load: Kafka is killed, the forwarder is killed, the end
PATIENCE = 90  # seconds for the drain
QUIET = 10  # seconds without a message are its end


def wait_until_quiet(kafka, topic, expected):
    """Returns whether messages were still coming when patience was over."""
    deadline = time.monotonic() + PATIENCE
    stored, since = kafka.stored(topic), time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(0.5)
        now = kafka.stored(topic)
        if now != stored:
            stored, since = now, time.monotonic()
        elif time.monotonic() - since > (2 if stored >= expected else QUIET):
            return False
    return True


def drain_rate(per_100ms, ready):
    """From Kafka ready (a slice) until 99 % of what came after that was there."""
    drained = per_100ms[ready:]
    so_far = 0
    for slices, count in enumerate(drained, 1):
        so_far += count
        if so_far >= 0.99 * sum(drained):
            return so_far / (slices / 10)
    return 0


def takes(contestant):
    return contestant.buffers


def measure(stage, contestant, figures):
    name, kafka, topic = contestant.name, stage.kafka, stage.topic()
    subprocess.run(["kcat", "-P", "-b", kafka.brokers, "-t", topic], input=b"made", check=True)
    program = contestant.launch(topic)
    try:
        os.sync()
        load = NumberedLoad(stage.work, program.url, stage.size, stage.connections, HEALTHY + BEFORE_DEATH + AFTER_DEATH,
                            contestant.form)
        time.sleep(HEALTHY)
        kafka.kill()
        time.sleep(BEFORE_DEATH)
        program.kill()
        program.start_again()
        result = load.result()
        kafka.start()
        kafka.wait()
        ready = int((time.time() * 1000 - result["begin_ms"]) / 100)
        unfinished = wait_until_quiet(kafka, topic, result["accepted"])
        seen = audit(kafka, topic, load, result["begin_ms"])
    finally:
        program.kill()
        kafka.start()  # unless it runs
        kafka.wait()
    dead = result["accepted_per_100ms"][(HEALTHY + 1) * 10:(HEALTHY + BEFORE_DEATH) * 10]
    figures.add(f"{name} outage", sum(dead) / (len(dead) / 10))
    figures.add(f"{name} accepted", result["accepted"])
    figures.add(f"{name} drain", drain_rate(seen["stored_per_100ms"], ready))
    figures.add(f"{name} unfinished", unfinished)
    for what in ("lost", "copies", "out_of_order"):
        figures.add(f"{name} {what}", seen[what])


def table(contestants, figures):
    yield ["forwarder", "its 2xx means then", "accepted/s, Kafka dead", "accepted", "lost", "copies", "out of order",
           "drain, msg/s"]
    for contestant in contestants:
        name = contestant.name
        if not figures.has(f"{name} outage"):
            continue
        worst = {what: f"{figures.most(f'{name} {what}'):,}" for what in ("lost", "copies", "out_of_order")}
        if figures.most(f"{name} unfinished"):
            worst["lost"] += f" not there {PATIENCE} s after"
        yield [name, contestant.means_in_outage or contestant.means, f"{figures.median(f'{name} outage'):,.0f}",
               f"{figures.median(f'{name} accepted'):,.0f}", worst["lost"], worst["copies"], worst["out_of_order"],
               f"{figures.median(f'{name} drain'):,.0f}"]
