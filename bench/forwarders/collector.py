"""The OpenTelemetry Collector 0.155."""
from forwarders import HERE, Contestant, directory
from rig.process import Program, free_port

NAME = "OpenTelemetry Collector 0.155"
# what is said of it, environment of otelcol.yaml, what its 2xx means, whether it answers in an outage
RUNS = [
    ("no queue", {"QUEUE": "false", "STORAGE": "", "FSYNC": "false"}, "Kafka has it", False),
    ("file_storage, fsync", {"QUEUE": "true", "STORAGE": "file_storage/q", "FSYNC": "true"}, "fsynced", True),
    ("file_storage", {"QUEUE": "true", "STORAGE": "file_storage/q", "FSYNC": "false"}, "in the page cache", True),
    ("queue in memory (default)", {"QUEUE": "true", "STORAGE": "", "FSYNC": "false"}, "in memory", True),
]


def contestants(brokers, work, log, paths):
    def launcher(environment):
        def launch(topic):
            port = free_port()
            return Program([paths["otelcol"], "--config", HERE / "otelcol.yaml"], port,
                           f"http://127.0.0.1:{port}/v1/logs", log,
                           {**environment, "BROKERS": brokers, "TOPIC": topic, "PORT": str(port),
                            "DATA": str(directory(work))})
        return launch

    for run, environment, means, buffers in RUNS:
        yield Contestant(f"{NAME}, {run}", means, "otlp", launcher(environment), buffers=buffers)
