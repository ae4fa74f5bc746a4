#!/usr/bin/env python3
"""A second opinion on the log format: reads, writes and judges directories of the Go library
github.com/stym06/rebuf, and shares nothing with wal/.

    go_format.py write DIR [--max-log-size N] [--max-segments N]    entries from stdin, a line of hex each
    go_format.py read DIR [--from ID]     a JSON line an entry; exit 1 at a bad CRC, as the Go library stops
    go_format.py check DIR...             exit 1 unless every byte of every file is a whole, non-empty entry

An entry is [8-byte big-endian size][4-byte CRC-32 (IEEE) of the data][data]. Completed segments are
rebuf-0, rebuf-1, ...; rebuf.tmp is the active one and becomes the next id.
"""
import argparse
import json
import os
import re
import struct
import sys
import zlib

HEADER = struct.Struct(">QI")


def completed(directory):
    """Ids of the completed segments, as numbers: rebuf-10 comes after rebuf-9."""
    found = (re.fullmatch(r"rebuf-(0|[1-9]\d*)", name) for name in os.listdir(directory))
    return sorted(int(match[1]) for match in found if match)


def segments(directory, first=0):
    """Files in the order of replay: completed ones by number, then the active one if it is there."""
    names = [f"rebuf-{i}" for i in completed(directory) if i >= first]
    if os.path.exists(os.path.join(directory, "rebuf.tmp")):
        names.append("rebuf.tmp")
    return names


def entries(path):
    """Gives (offset, data, intact) of each entry; ends at a short last one."""
    with open(path, "rb") as file:
        content = file.read()
    at = 0
    while len(content) - at >= HEADER.size:
        size, crc = HEADER.unpack_from(content, at)
        begin = at + HEADER.size
        if size > len(content) - begin:
            return
        data = content[begin:begin + size]
        yield at, data, zlib.crc32(data) == crc
        at = begin + size


class Writer:
    """Writes as the Go library does: opens where the directory stands, rotates before a write that
    would pass max_log_size, and drops the lowest segment while max_segments of them are kept."""

    def __init__(self, directory, max_log_size, max_segments):
        os.makedirs(directory, exist_ok=True)
        self.directory, self.max_log_size, self.max_segments = directory, max_log_size, max_segments
        ids = completed(directory)
        self.next_id = ids[-1] + 1 if ids else 0  # after a purge ids begin at 0 again
        self.active = open(self.path("rebuf.tmp"), "ab")

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, data):
        if self.active.tell() + HEADER.size + len(data) > self.max_log_size:
            self.rotate()
        self.active.write(HEADER.pack(len(data), zlib.crc32(data)) + data)

    def rotate(self):
        self.active.close()
        ids = completed(self.directory)
        while len(ids) >= self.max_segments:
            os.unlink(self.path(f"rebuf-{ids.pop(0)}"))
        os.rename(self.path("rebuf.tmp"), self.path(f"rebuf-{self.next_id}"))
        self.next_id += 1
        self.active = open(self.path("rebuf.tmp"), "ab")

    def close(self):
        self.active.flush()
        os.fsync(self.active.fileno())
        self.active.close()


def write(args):
    writer = Writer(args.directory, args.max_log_size, args.max_segments)
    for line in sys.stdin:
        writer.write(bytes.fromhex(line.strip()))
    writer.close()


def read(args):
    for name in segments(args.directory, args.first):
        for offset, data, intact in entries(os.path.join(args.directory, name)):
            if not intact:
                sys.exit(f"{name}: bad CRC at {offset}")
            print(json.dumps({"file": name, "offset": offset, "data": data.hex()}))


def complaints(directory):
    for name in sorted(set(os.listdir(directory)) - set(segments(directory))):
        yield f"{name}: not a segment"
    for name in segments(directory):
        path, end = os.path.join(directory, name), 0
        for offset, data, intact in entries(path):
            if not intact:
                yield f"{name}: bad CRC at {offset}"
            if not data:
                yield f"{name}: empty entry at {offset}"
            end = offset + HEADER.size + len(data)
        if end != os.path.getsize(path):
            yield f"{name}: {os.path.getsize(path) - end} bytes at {end} are no entry"


def check(args):
    found = [f"{directory}/{what}" for directory in args.directories for what in complaints(directory)]
    sys.exit("\n".join(found) if found else 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("write")
    verb.add_argument("directory")
    verb.add_argument("--max-log-size", type=int, default=10 << 20)
    verb.add_argument("--max-segments", type=int, default=10)
    verb.set_defaults(run=write)
    verb = verbs.add_parser("read")
    verb.add_argument("directory")
    verb.add_argument("--from", dest="first", type=int, default=0)
    verb.set_defaults(run=read)
    verb = verbs.add_parser("check")
    verb.add_argument("directories", nargs="+")
    verb.set_defaults(run=check)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
