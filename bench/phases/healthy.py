"""Kafka is there: how much is taken, one message a request and a thousand, when Kafka has it, and what a message costs."""
import time

from rig.load import as_fast_as_answered, at_rate, warm

KEEPS = False
CONNECTIONS = (1, 16, 64, 256, 1000)
IN_TABLE = (64, 256, 1000)
SECONDS = 2
TOPIC = "healthy"
LOOK_EVERY = 0.25  # seconds; a look takes a tenth of that
QUIET = 2  # seconds in which nothing more comes
STEADY = 5000  # messages a second
STEADY_SECONDS = 6


def cpu_us(stage, program, form):
    """Of a message at a steady rate; None when the forwarder does not keep up."""
    before = program.cpu_seconds()
    answers = at_rate(program.url, STEADY, 16, STEADY_SECONDS, stage.size, form)["answers"]
    return (program.cpu_seconds() - before) * 1e6 / answers if answers > 0.9 * STEADY * STEADY_SECONDS else None


def takes(_):
    return True


def when_quiet(kafka):
    """How much has come into the topic when nothing more does, and since when."""
    since = time.monotonic()
    stored = kafka.stored(TOPIC)
    while time.monotonic() - since < QUIET:
        time.sleep(LOOK_EVERY)
        look = time.monotonic()
        if (now := kafka.stored(TOPIC)) != stored:
            stored, since = now, look
    return stored, since


def measure_rates(stage, name, figures, load):
    """What is answered, and what comes into Kafka from the load's begin until the last of it is there."""
    before, _ = when_quiet(stage.kafka)
    begin = time.monotonic()
    figures.add_run(name, load())
    stored, since = when_quiet(stage.kafka)
    figures.add(f"{name} in Kafka", (stored - before) / (since - begin))


def measure(stage, contestant, figures):
    name, size = contestant.name, stage.size
    program = contestant.launch(TOPIC)
    try:
        warm(program.url, size, contestant.form)
        if cpu := cpu_us(stage, program, contestant.form):
            figures.add(f"{name} cpu", cpu)
        for connections in CONNECTIONS:
            measure_rates(stage, f"{name} {connections}", figures,
                          lambda: as_fast_as_answered(program.url, connections, SECONDS, size, contestant.form))
        form = contestant.batches or contestant.form
        if form != "single":
            measure_rates(stage, f"{name} batches", figures,
                          lambda: as_fast_as_answered(program.url, 8, SECONDS, size, form, 1000))
        figures.add(f"{name} memory", program.memory_mib("VmHWM"))
    finally:
        program.kill()


def table(contestants, figures):
    def rates(run):
        return f"{figures.median(f'{run} rate'):,.0f} / {figures.median(f'{run} in Kafka'):,.0f}"

    head = ["forwarder", "its 2xx means"]
    for connections in IN_TABLE:
        head += [f"{connections:,} connections: answered / in Kafka, msg/s", "p50 / p99, ms"]
    head += ["1,000 a request: answered / in Kafka, msg/s", f"CPU a message at {STEADY:,} msg/s, us", "memory, the most, MiB"]
    yield head
    for contestant in contestants:
        name = contestant.name
        if not figures.has(f"{name} memory"):
            continue
        cells = [name, contestant.means]
        for connections in IN_TABLE:
            median = {what: figures.median(f"{name} {connections} {what}") for what in ("p50_ms", "p99_ms")}
            cells += [rates(f"{name} {connections}"), f"{median['p50_ms']:.3g} / {median['p99_ms']:.3g}"]
        cells.append(rates(f"{name} batches") if figures.has(f"{name} batches rate") else "–")
        yield cells + [f"{figures.median(f'{name} {what}'):,.0f}" if figures.has(f"{name} {what}") else "–"
                       for what in ("cpu", "memory")]
