"""Loads: wrk sends as fast as it is answered, h2load at a given rate, Idle holds connections. All on one core's time."""
import contextlib
import json
import math
import pathlib
import socket
import subprocess
import tempfile

SCRIPT = pathlib.Path(__file__).with_name("post.lua")
# A request's content type, and its body with these messages (text that JSON need not escape).
FORMS = {
    "single": ("application/octet-stream", "".join),
    "lines": ("application/x-ndjson", lambda texts: "".join(f'"{text}"\n' for text in texts)),
    "array": ("application/json", json.dumps),
    "objects": ("application/json", lambda texts: json.dumps([{"p": text} for text in texts])),
    "otlp": ("application/json", lambda texts: json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"body": {"stringValue": text}} for text in texts]}]}]})),
}


@contextlib.contextmanager
def request(form, size, count):
    """A file with the body of `count` messages of `size` bytes, and its content type."""
    content_type, body = FORMS[form]
    quotes = 2 if form in ("lines", "array") else 0  # they are part of the message
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        file.write(body([("0123456789abcdef" * (size // 16 + 1))[:size - quotes]] * count))
        file.flush()
        yield file.name, content_type


def as_fast_as_answered(url, connections, seconds, size, form="single", count=1, routes=1):
    """Messages a second and percentiles of the answers. `form`: one of FORMS, `count` messages a request. With more `routes`:
    to URL, URL-1, URL-2 and so on by turns."""
    with request(form, size, count) as (body, content_type):
        out = subprocess.run(
            ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "10s",
             "-s", str(SCRIPT), url, "--", body, content_type, str(routes)], check=True, capture_output=True, text=True).stdout
    result = json.loads(out.strip().splitlines()[-1])
    result["rate"] *= count
    if result["not_2xx"] or result["broken"]:
        print(f"bench: {url} with {connections} connections: {result}", flush=True)
    return result


def warm(url, size, form="single"):
    as_fast_as_answered(url, 4, 1, size, form)


def at_rate(url, per_second, connections, seconds, size, form="single"):
    """The same at `per_second` requests of one message, spread over the connections."""
    with request(form, size, 1) as (body, content_type), tempfile.NamedTemporaryFile() as answers:
        subprocess.run(
            ["h2load", "--h1", "-t", "1", "-c", str(connections), "--rps", str(per_second / connections),
             "-D", str(seconds), "-d", body, "-H", f"content-type: {content_type}", f"--log-file={answers.name}", url],
            check=True, stdout=subprocess.DEVNULL)
        lines = [line.split("\t") for line in pathlib.Path(answers.name).read_text(encoding="ascii").splitlines()]
    times_us = sorted(int(fields[2]) for fields in lines) or [math.inf]
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
