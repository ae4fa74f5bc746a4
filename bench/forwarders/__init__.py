"""The programs that bench/peers.py compares, a module each. contestants(brokers, work, log, paths) says how each is run:
with its strongest guarantee, and as it is out of the box; and what its 2xx means then."""
import dataclasses
import pathlib
import tempfile
from typing import Callable, Optional

from rig.process import Program

HERE = pathlib.Path(__file__).parent  # their configurations


@dataclasses.dataclass
class Contestant:
    name: str
    means: str  # its 2xx, Kafka being healthy
    form: str  # of rig/load.py
    launch: Callable[[str], Program]  # into this topic, with nothing kept from before
    means_in_outage: Optional[str] = None  # when it is another
    buffers: bool = True  # it answers 2xx in an outage
    batches: Optional[str] = None  # the form, when it is another


def directory(work):
    return pathlib.Path(tempfile.mkdtemp(dir=work))
