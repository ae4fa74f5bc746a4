"""One real Kafka node on loopback, through tests/kafka/kafka."""
import re
import subprocess

from rig.process import ROOT

PARTITIONS = 3
SETTINGS = ["auto.create.topics.enable=true", f"num.partitions={PARTITIONS}"]
# What a bench writes is soon deleted, so that writing it back does not fill the disk's time.
SHORT_LIVED = ["log.segment.bytes=67108864", "log.retention.bytes=134217728", "log.retention.check.interval.ms=1000",
               "log.segment.delete.delay.ms=1000"]
# Everything stays and can be counted, with the broker's time of its arrival.
KEPT = ["log.message.timestamp.type=LogAppendTime"]


class Kafka:
    def __init__(self, directory, keeps=False):
        """`keeps` what it is given, to be counted; else it deletes all but the last."""
        self.directory = directory
        self.brokers = self._script("up", "1", *SETTINGS, *(KEPT if keeps else SHORT_LIVED)).strip().splitlines()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    def _script(self, verb, *arguments):
        return subprocess.run([ROOT / "tests/kafka/kafka", verb, self.directory, *arguments], check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def kill(self):
        self._script("kill", "1")

    def start(self):
        self._script("start", "1")

    def freeze(self):
        self._script("stop", "1")

    def thaw(self):
        self._script("cont", "1")

    def wait(self):
        self._script("wait")

    def restart(self):
        """A broker that has just started takes a third of what a warm one does."""
        self.kill()
        self.start()
        self.wait()

    def down(self):
        self._script("down")

    def stored(self, topic):
        """How many messages have come into the topic, whether it keeps them or not."""
        ends = [argument for partition in range(PARTITIONS) for argument in ("-t", f"{topic}:{partition}:-1")]
        listed = subprocess.run(["kcat", "-Q", "-b", self.brokers, *ends], check=True, capture_output=True, text=True).stdout
        return sum(int(offset) for offset in re.findall(r"offset (\d+)", listed))
