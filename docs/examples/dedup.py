#!/usr/bin/env python3
"""Removes rebufd's duplicates: reads messages as lines of JSON from kcat -J, prints the value of each once.

    kcat -C -q -b BROKERS -t TOPIC -o beginning -e -J | dedup.py

docs/idempotency.md says why the highest id is enough, and what that needs."""
import collections
import json
import sys

RECENT_IDS = 100_000  # of messages that were dead letters


def header(message, name):
    """kcat lists headers as [name, value, name, value, ...]."""
    headers = message.get("headers", [])
    return dict(zip(headers[::2], headers[1::2])).get(name)


class Seen:
    def __init__(self):
        self.highest = {}  # (prefix, partition) -> the highest number there
        self.recent = collections.OrderedDict()  # ids of the others, oldest first

    def before(self, message):
        """Whether this is a copy of a message that was here before."""
        rebuf_id = header(message, "rebuf-id")
        if rebuf_id is None:  # not from rebufd
            return False
        if header(message, "rebuf-dead-letter"):
            return self._recently(rebuf_id)
        place = (rebuf_id[:16], message["partition"])
        number = int(rebuf_id[16:], 16)
        if number <= self.highest.get(place, -1):
            return True
        self.highest[place] = number
        return False

    def _recently(self, rebuf_id):
        if rebuf_id in self.recent:
            return True
        self.recent[rebuf_id] = True
        if len(self.recent) > RECENT_IDS:
            self.recent.popitem(last=False)
        return False


def main():
    seen = Seen()
    messages = duplicates = 0
    for line in sys.stdin:
        message = json.loads(line)
        messages += 1
        if seen.before(message):
            duplicates += 1
        else:
            print(message["payload"])
    print(f"{messages} messages, {duplicates} duplicates", file=sys.stderr)


if __name__ == "__main__":
    main()
