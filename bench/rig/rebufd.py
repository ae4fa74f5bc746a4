"""rebufd with a route, `bench`, and everything else at its defaults."""
import http.client
import json
import shutil
import subprocess
import time
import urllib.request

from rig.process import BIN, Program, connects, free_port, wait_for

CONFIGURATION = """
data_dir: {data}
http: {{ listen: "127.0.0.1:{port}" }}
admin: {{ listen: "127.0.0.1:{admin}", socket: {data}/admin.sock }}
limits: {{ keep_free: 0B }}
sinks: {{ sink: {sink} }}
route_defaults: {{ sink: sink, topic: {topic}, buffer: {{ max_bytes: 16GiB }}, drain: {{ jitter: 0s }} }}
routes: {{ {routes} }}
"""


def kafka_sink(brokers):
    quoted = ", ".join(f'"{broker}"' for broker in brokers.split(","))
    return f"{{ type: kafka, brokers: [ {quoted} ] }}"


class Rebufd(Program):
    def __init__(self, sink, directory, log, topic="bench", routes=1):
        """`sink`: one line of YAML, as kafka_sink() makes it. `directory` is made, and gets all data; __exit__ removes it.
        With more `routes` the others are `bench-1`, `bench-2`, and so on."""
        self.directory = directory
        port, self.admin = free_port(), free_port()
        names = ["bench"] + [f"bench-{number}" for number in range(1, routes)]
        directory.mkdir(parents=True)
        file = directory / "rebufd.yaml"
        file.write_text(CONFIGURATION.format(data=directory, port=port, admin=self.admin, sink=sink,
                                           topic=topic, routes=", ".join(
                                               f"{name}: {{}}" for name in names)), encoding="ascii")
        super().__init__([BIN / "rebufd", "--config", file], port, f"http://127.0.0.1:{port}/ingest/bench", log)
        wait_for("the admin server listening", lambda: connects(self.admin))

    def __exit__(self, *_):
        super().__exit__()
        shutil.rmtree(self.directory)

    def start_again(self):
        super().start_again()
        wait_for("the admin server listening", lambda: connects(self.admin))

    def first_answer_ms(self):
        """Starts it; from exec to the first 2xx."""
        begin = time.monotonic()
        self.launch()
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("POST", "/ingest/bench", body=b"x")
                if connection.getresponse().status < 300:
                    return (time.monotonic() - begin) * 1000
            except OSError:
                time.sleep(0.001)

    def status(self):
        return self.routes()[0]

    def routes(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/api/v1/status") as answer:
            return json.load(answer)["routes"]

    def control(self, verb):
        """rebufctl route VERB."""
        subprocess.run([BIN / "rebufctl", "--admin", f"unix:{self.directory}/admin.sock", "route", verb, "bench"], check=True,
                       stdout=subprocess.DEVNULL)

    def backlog(self):
        return self.status()["backlog_messages"]

    def wait_for_state(self, state, seconds=60):
        wait_for(f"state {state}", lambda: self.status()["state"] == state, seconds)

    def wait_until_delivered(self):
        def nothing_left():
            status = self.status()
            return status["backlog_messages"] == 0 and status["in_flight"] == 0
        wait_for("everything delivered", nothing_left)
