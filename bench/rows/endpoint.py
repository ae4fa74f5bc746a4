"""A backlog to an HTTP endpoint, one message a request, 16 in flight, against a bare client with as many connections."""
import subprocess
import time

from rig.load import as_fast_as_answered
from rig.process import BIN, Program, free_port, wait_for
from rig.rebufd import Rebufd
from rig.table import Row

CONNECTIONS = 16
MESSAGES = 100_000


def bare_client(world, port):
    return float(subprocess.run([BIN / "bare_http_client", str(port), str(CONNECTIONS), str(MESSAGES), str(world.size)],
                                check=True, capture_output=True, text=True).stdout)


def measure(world, figures):
    port = free_port()
    sink = (f"{{ type: http, url: http://127.0.0.1:{port}/, batch: {{ format: single }}, max_in_flight: {CONNECTIONS}, "
            "retry: { min: 100ms, max: 200ms } }")
    with Rebufd(sink, world.directory(), world.log) as program:
        while program.backlog() < MESSAGES:
            as_fast_as_answered(program.url, 8, 1, world.size, "lines", 100)
        with Program([BIN / "bare_http_endpoint", port], port, f"http://127.0.0.1:{port}/", world.log):
            left = program.backlog()
            begin = time.monotonic()
            wait_for("the drain to the endpoint", lambda: program.backlog() == 0, 300)
            figures.add("endpoint", left / (time.monotonic() - begin))
            figures.add("endpoint bare", bare_client(world, port))


def rows(_, figures):
    yield Row("drain to an HTTP endpoint, one message a request, 16 in flight; delivered: a 2xx", "msg/s",
              figures.median("endpoint"), "", "bare cpp-httplib clients, 16 connections", figures.median("endpoint bare"),
              at_least=0.7)
