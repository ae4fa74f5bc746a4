#!/usr/bin/env python3
"""What a compiler does not check about the tree: the direction of includes, the length of files and
functions' files, what must never stand in it, and that each fault of docs/faults.md has its test.
Run at its top: tests/checks/tree.py"""
import pathlib
import re
import subprocess
import sys

LONGEST_FILE = 400  # lines; one idea a file
ROOMS_SEEN = {  # which rooms a room may include from; the arrow is daemon -> config -> {wal, sinks}
    "wal": {"wal"},
    "sinks": {"sinks"},
    "config": {"config", "wal", "sinks"},
    "daemon": {"daemon", "config", "wal", "sinks"},
}
LIBRARY_HEADERS = "wal/include/"  # plain C++ and POSIX
THIRD_PARTY = re.compile(r"#include <(spdlog|nlohmann|yaml-cpp|httplib|librdkafka|simdjson|isa-l|boost|CLI)")
INCLUDE = re.compile(r'#include ["<](?:(wal|sinks|config|daemon)/|(rebuf)/)')
NEVER = [
    (re.compile(r"(^|[ \"'=:(])/(work|home|root)/"), "a path of one machine"),
    (re.compile(r"https?://(deb|security|repo1?|proxy|registry|index|files|static)\."), "a registry's host"),
    (re.compile(r"\b(TODO|FIXME|XXX)\b"), "an open end"),
]
CODE = (".cc", ".h")
TEST_NAME = re.compile(r'TEST_CASE\(\s*((?:"[^"]*"\s*)+)')
FAULTS = pathlib.Path("docs/faults.md")
QUOTED = re.compile(r"`([^`]+)`")


def mistakes_of(path: pathlib.Path, text: str):
    room = path.parts[0]
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        included = INCLUDE.match(line)
        if included and room in ROOMS_SEEN:
            target = included.group(1) or "wal"
            if target not in ROOMS_SEEN[room]:
                yield number, f"{room}/ includes from {target}/, against the direction of dependency"
        if str(path).startswith(LIBRARY_HEADERS) and THIRD_PARTY.match(line):
            yield number, "a public header of the library includes a third party's"
        for pattern, what in NEVER:
            if pattern.search(line):
                yield number, what
    for name in TEST_NAME.finditer(text) if path.suffix in CODE else ():
        if ";" in name.group(1):
            line = text.count("\n", 0, name.start()) + 1
            yield line, "a test's name with a semicolon: CTest makes two tests of it that run nothing"
    if path.suffix in CODE and len(lines) > LONGEST_FILE:
        yield len(lines), f"longer than {LONGEST_FILE} lines"


def untested_faults(tests: set[str]):
    """The last cell of a row quotes tests' names, which may end in an ellipsis, or a file of tests."""
    for number, line in enumerate(FAULTS.read_text(encoding="utf-8").splitlines(), 1):
        cells = line.strip("|").split("|")
        if not line.startswith("| ") or cells[-1].strip() == "test":
            continue
        quoted = QUOTED.findall(cells[-1])
        if not quoted:
            yield number, "a fault without a test's name"
        for name in quoted:
            is_there = (lambda test: test.startswith(name[:-1].rstrip())) if name.endswith("…") else name.__eq__
            if not any(map(is_there, tests)) and not any(pathlib.Path("tests/e2e").rglob(name)):
                yield number, f"no test is called: {name}"


def main() -> int:
    names = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.split("\n")
    found = 0
    tests = set()
    for name in filter(None, names):
        path = pathlib.Path(name)
        if path == pathlib.Path("tests/checks/tree.py") or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # data, not text
        for line, what in mistakes_of(path, text):
            print(f"{name}:{line}: {what}")
            found += 1
        if path.suffix in CODE:
            tests |= {"".join(re.findall(r'"([^"]*)"', test)) for test in TEST_NAME.findall(text)}
    for line, what in untested_faults(tests):
        print(f"{FAULTS}:{line}: {what}")
        found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
