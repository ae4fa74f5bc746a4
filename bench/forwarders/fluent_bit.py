"""Fluent Bit: JSON objects in, JSON out. Its version is what the program says."""
import re
import subprocess

from forwarders import HERE, Contestant, directory
from rig.process import Program, free_port


def version(program):
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    return re.search(r"v(\d+\.\d+\.\d+)", said).group(1)


def contestants(brokers, work, log, paths):
    def launcher(storage):
        def launch(topic):
            port = free_port()
            return Program([paths["fluent_bit"], "--config", HERE / "fluent_bit.yaml"], port,
                           f"http://127.0.0.1:{port}/", log,
                           {"BROKERS": brokers, "TOPIC": topic, "PORT": str(port), "STORAGE": storage,
                            "DATA": str(directory(work))})
        return launch

    name = f"Fluent Bit {version(paths['fluent_bit'])}"
    yield Contestant(f"{name}, filesystem, sync full", "in a mapped file", "objects", launcher("filesystem"))
    yield Contestant(f"{name}, memory (default)", "in memory", "objects", launcher("memory"))
