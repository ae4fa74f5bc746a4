"""Kafka is there: how much is taken, one message a request and a thousand, and what a message costs."""
from rig.load import as_fast_as_answered, at_rate, warm

KEEPS = False
CONNECTIONS = (1, 16, 64, 256, 1000)
IN_TABLE = (64, 256, 1000)
SECONDS = 2
STEADY = 5000  # messages a second
STEADY_SECONDS = 6


def cpu_us(stage, program, form):
    """Of a message at a steady rate; None when the forwarder does not keep up."""
    before = program.cpu_seconds()
    answers = at_rate(program.url, STEADY, 16, STEADY_SECONDS, stage.size, form)["answers"]
    return (program.cpu_seconds() - before) * 1e6 / answers if answers > 0.9 * STEADY * STEADY_SECONDS else None


def takes(_):
    return True


def measure(stage, contestant, figures):
    name, size = contestant.name, stage.size
    program = contestant.launch("healthy")
    try:
        warm(program.url, size, contestant.form)
        if cpu := cpu_us(stage, program, contestant.form):
            figures.add(f"{name} cpu", cpu)
        for connections in CONNECTIONS:
            run = as_fast_as_answered(program.url, connections, SECONDS, size, contestant.form)
            figures.add_run(f"{name} {connections}", run)
        form = contestant.batches or contestant.form
        if form != "single":
            figures.add(f"{name} batches", as_fast_as_answered(program.url, 8, SECONDS, size, form, 1000)["rate"])
        figures.add(f"{name} memory", program.memory_mib("VmHWM"))
    finally:
        program.kill()


def table(contestants, figures):
    head = ["forwarder", "its 2xx means"]
    for connections in IN_TABLE:
        head += [f"{connections:,} connections, msg/s", "p50 / p99, ms"]
    head += ["1,000 a request, msg/s", f"CPU a message at {STEADY:,} msg/s, us", "memory, the most, MiB"]
    yield head
    for contestant in contestants:
        name = contestant.name
        if not figures.has(f"{name} memory"):
            continue
        cells = [name, contestant.means]
        for connections in IN_TABLE:
            median = {what: figures.median(f"{name} {connections} {what}") for what in ("rate", "p50_ms", "p99_ms")}
            cells += [f"{median['rate']:,.0f}", f"{median['p50_ms']:.3g} / {median['p99_ms']:.3g}"]
        yield cells + [f"{figures.median(f'{name} {what}'):,.0f}" if figures.has(f"{name} {what}") else "–"
                       for what in ("batches", "cpu", "memory")]
