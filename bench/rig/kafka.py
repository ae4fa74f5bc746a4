"""One real Kafka node on loopback, through tests/kafka/kafka."""
import subprocess

from rig.process import ROOT

SETTINGS = ["auto.create.topics.enable=true", "num.partitions=3",
            # What a bench writes is soon deleted, so that writing it back does not fill the disk's time.
            "log.segment.bytes=67108864", "log.retention.bytes=134217728", "log.retention.check.interval.ms=1000",
            "log.segment.delete.delay.ms=1000"]


class Kafka:
    def __init__(self, directory):
        self.directory = directory
        self.brokers = self._script("up", "1", *SETTINGS).strip().splitlines()[-1]

    def _script(self, verb, *arguments):
        return subprocess.run([ROOT / "tests/kafka/kafka", verb, self.directory, *arguments], check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def kill(self):
        self._script("kill", "1")

    def start(self):
        self._script("start", "1")

    def wait(self):
        self._script("wait")

    def restart(self):
        """A broker that has just started takes a third of what a warm one does."""
        self.kill()
        self.start()
        self.wait()

    def down(self):
        self._script("down")
