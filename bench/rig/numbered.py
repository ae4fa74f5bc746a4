"""Loads of numbered messages, and what of them lies in a topic: what was answered 2xx is counted, not believed."""
import json
import pathlib
import subprocess
import tempfile
import urllib.parse

from rig.process import BIN


class NumberedLoad:
    """Posts for some seconds, in the background. `form`: single | lines | otlp | objects, `count` messages a request."""

    def __init__(self, work, url, size, connections, seconds, form="single", count=1):
        self.ledger = pathlib.Path(tempfile.mkdtemp(dir=work)) / "ledger"
        where = urllib.parse.urlsplit(url)
        self.process = subprocess.Popen(
            [str(argument) for argument in (BIN / "numbered_load", where.port, where.path, form, size, count, connections,
                                            seconds, self.ledger)], stdout=subprocess.PIPE, text=True)

    def result(self):
        """Waits for its end: accepted (messages), refused, broken (requests), begin_ms, accepted_per_100ms."""
        return json.loads(self.process.communicate()[0])


def audit(kafka, topic, load, begin_ms):
    """stored, lost, copies, out_of_order, and stored_per_100ms since begin_ms; the topic is quiet."""
    return json.loads(subprocess.run([BIN / "topic_audit", kafka.brokers, topic, load.ledger, str(begin_ms)], check=True,
                                     stdout=subprocess.PIPE, text=True).stdout)
