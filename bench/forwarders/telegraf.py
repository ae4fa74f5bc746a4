"""Telegraf 1.37.2: JSON objects in, their text out."""
from forwarders import HERE, Contestant, directory
from rig.process import Program, free_port

NAME = "Telegraf 1.37.2"


def contestants(brokers, work, log, paths):
    def launcher(strategy):
        def launch(topic):
            port = free_port()
            return Program([paths["telegraf"], "--config", HERE / "telegraf.toml"], port,
                           f"http://127.0.0.1:{port}/telegraf", log,
                           {"BROKERS": brokers, "TOPIC": topic, "PORT": str(port), "STRATEGY": strategy,
                            "DATA": str(directory(work))})
        return launch

    yield Contestant(f"{NAME}, disk buffer", "in memory, before its log", "objects", launcher("disk"))
    yield Contestant(f"{NAME}, memory buffer (default)", "in memory", "objects", launcher("memory"))
