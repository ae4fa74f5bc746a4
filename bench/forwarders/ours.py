"""rebufd, and the bare program of the same libraries, which keeps nothing."""
from forwarders import Contestant, directory
from rig.process import BIN, Program, free_port
from rig.rebufd import Rebufd, kafka_sink


def contestants(brokers, work, log, _):
    def rebufd(topic):
        program = Rebufd(kafka_sink(brokers), directory(work) / "data", log, topic)
        program.wait_for_state("direct")
        return program

    def bare(topic):
        port = free_port()
        return Program([BIN / "bare_http_kafka", port, brokers, topic, 0, 2], port, f"http://127.0.0.1:{port}/", log)

    yield Contestant("rebufd", "Kafka has it", "single", rebufd, "fdatasync has returned", batches="lines")
    yield Contestant("bare libmicrohttpd + librdkafka", "Kafka has it", "single", bare, buffers=False)
