"""One message a request, answered when every in-sync replica of Kafka has it, against the least that does the same."""
import concurrent.futures

from rig.load import as_fast_as_answered, warm
from rig.process import BIN, Program, free_port
from rig.rebufd import Rebufd, kafka_sink
from rig.table import Row

SETTINGS = [(linger, in_flight) for linger in (0, 1, 2) for in_flight in (1, 2, 5)]
CONNECTIONS = (64, 256, 1000)
SECONDS = 2


def bare_program(world, linger, in_flight):
    port = free_port()
    return Program([BIN / "bare_http_kafka", port, world.kafka.brokers, "bare", linger, in_flight], port,
                   f"http://127.0.0.1:{port}/", world.log)


def measure(world, figures):
    """All programs run all the time, one of them under load."""
    programs = {f"bare {setting}": bare_program(world, *setting) for setting in SETTINGS}
    programs["rebufd"] = Rebufd(kafka_sink(world.kafka.brokers), world.directory(), world.log)
    programs["rebufd"].wait_for_state("direct")
    try:
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(lambda program: warm(program.url, world.size), programs.values()))
        for connections in CONNECTIONS:
            for name, program in programs.items():
                figures.add_run(f"answered {connections} {name}",
                                as_fast_as_answered(program.url, connections, SECONDS, world.size))
        figures.add("full load memory", programs["rebufd"].memory_mib("VmHWM"))
    finally:
        for program in programs.values():
            program.end()


def rows(_, figures):
    for connections in CONNECTIONS:
        rates = {setting: figures.median(f"answered {connections} bare {setting} rate") for setting in SETTINGS}
        best = max(rates, key=rates.get)
        yield Row(f"{connections} connections; 200: Kafka has it, acks=all", "msg/s",
                  figures.median(f"answered {connections} rebufd rate"),
                  figures.latencies(f"answered {connections} rebufd"),
                  f"bare libmicrohttpd + librdkafka, acks=all, the best of nine: linger {best[0]} ms, {best[1]} in flight",
                  rates[best], at_least=0.85)
    yield Row("memory, the most under these loads", "MiB", figures.median("full load memory"), at_most=64)
