"""Loads: wrk sends as fast as it is answered, h2load at a given rate, Idle holds connections. All on one core's time."""
import json
import pathlib
import socket
import subprocess
import tempfile

SCRIPT = pathlib.Path(__file__).with_name("post.lua")


def as_fast_as_answered(url, connections, seconds, size, form="single", count=1):
    """Messages a second and percentiles of the answers. `form`: single | lines | array | otlp, `count` messages a request."""
    out = subprocess.run(
        ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "10s",
         "-s", str(SCRIPT), url, "--", str(size), form, str(count)], check=True, capture_output=True, text=True).stdout
    result = json.loads(out.strip().splitlines()[-1])
    result["rate"] *= count
    if result["not_2xx"] or result["broken"]:
        print(f"bench: {url} with {connections} connections: {result}", flush=True)
    return result


def warm(url, size, form="single"):
    as_fast_as_answered(url, 4, 1, size, form)


def at_rate(url, per_second, connections, seconds, size):
    """The same at `per_second` requests, spread over the connections."""
    with tempfile.NamedTemporaryFile() as body, tempfile.NamedTemporaryFile() as answers:
        body.write(b"x" * size)
        body.flush()
        subprocess.run(
            ["h2load", "--h1", "-t", "1", "-c", str(connections), "--rps", str(per_second / connections),
             "-D", str(seconds), "-d", body.name, "-H", "content-type: application/octet-stream",
             f"--log-file={answers.name}", url], check=True, stdout=subprocess.DEVNULL)
        lines = [line.split("\t") for line in pathlib.Path(answers.name).read_text(encoding="ascii").splitlines()]
    times_us = sorted(int(fields[2]) for fields in lines)
    return {"rate": len(lines) / seconds, "p50_ms": times_us[len(times_us) // 2] / 1000,
            "p99_ms": times_us[len(times_us) * 99 // 100] / 1000,
            "not_2xx": sum(not fields[1].startswith("2") for fields in lines), "answers": len(lines)}


class Idle:
    """Keep-alive connections on which nothing happens."""

    def __init__(self, port, connections):
        self.sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for held in self.sockets:
            held.close()
