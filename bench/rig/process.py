"""Programs that a bench starts, and what they take of the machine."""
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = ROOT / "build/release/bin"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds=60, pause=0.02):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"bench: {what} did not happen within {seconds} s")
        time.sleep(pause)


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Program:
    """Something that listens on `port` and takes POSTs at `url`. It outlives no bench: use it with `with`, or end() it."""

    def __init__(self, arguments, port, url, log, environment=None):
        self.environment = {**os.environ, **(environment or {})}
        self.arguments, self.port, self.url, self.log = [str(argument) for argument in arguments], port, url, log
        self.start_again()

    def start_again(self):
        self.launch()
        try:
            wait_for(f"{self.arguments[0]} listening", lambda: connects(self.port))
        except SystemExit:
            self.kill()
            raise

    def launch(self):
        self.process = subprocess.Popen(self.arguments, stdout=self.log, stderr=self.log, env=self.environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def memory_mib(self, which="VmRSS"):
        """Resident memory now; VmHWM: the most that it ever was; RssAnon: without what is mapped from files."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"{which}:\s+(\d+)", status).group(1)) / 1024

    def cpu_seconds(self):
        """User and system time so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
