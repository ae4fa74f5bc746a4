#!/usr/bin/env python3
"""Adds up ctest's JUnit files. Prints what the failed tests and builds said, shortened; then their names with the first trouble
of each, so that the end of a log alone tells why; then the closing line `N passed, N failed[, N skipped]`.
Exit status 1 when anything failed or nothing ran."""
import argparse
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

SHOWN = 60  # lines a test
TROUBLE = re.compile(r"ERROR|FATAL|error:|Sanitizer|runtime error|terminate called|FAILED")

parser = argparse.ArgumentParser()
parser.add_argument("--broken", action="append", default=[], help="what a build that failed said, a file")
parser.add_argument("--skipped", type=int, default=0, help="tests that were left out")
parser.add_argument("files", nargs="*")
args = parser.parse_args()


def shortened(text):
    """From a little before the first trouble on, and the end."""
    lines = text.rstrip().splitlines()
    if len(lines) <= SHOWN:
        return "\n".join(lines)
    at = next((i for i, line in enumerate(lines) if TROUBLE.search(line)), len(lines))
    begin = min(max(at - 12, 0), len(lines) - SHOWN)
    tail = lines[-12:]
    middle = lines[begin:begin + SHOWN - len(tail)]
    gap = len(lines) - len(tail) - begin - len(middle)
    parts = ([f"[{begin} lines]"] if begin else []) + middle + ([f"[{gap} lines]"] if gap else []) + tail
    return "\n".join(parts)


def first_trouble(text):
    """A few short lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    at = next((i for i, line in enumerate(lines) if TROUBLE.search(line)), max(len(lines) - 4, 0))
    return [f"    {line.strip()[:200]}" for line in lines[at:at + 8]]


passed, failed, skipped, names, said = 0, 0, args.skipped, [], []
for file in args.broken:
    failed += 1
    names.append(f"FAILED: a build ({file})")
    said.append((f"a build ({file})", pathlib.Path(file).read_text(errors="replace")))
for file in args.files:
    try:
        cases = list(xml.parse(file).getroot().iter("testcase"))
    except (OSError, xml.ParseError) as error:
        failed += 1
        names.append(f"FAILED: {file}: {error}")
        continue
    for case in cases:
        status = case.get("status")
        if status == "run":
            passed += 1
        elif status in ("notrun", "disabled"):
            skipped += 1
            names.append(f"skipped: {case.get('name')}")
        else:
            failed += 1
            names.append(f"FAILED: {case.get('name')} ({file})")
            failure = case.find("failure")
            why = failure.get("message", "") if failure is not None else ""
            text = case.findtext("system-out") or ""
            said.append((f"{case.get('name')} ({file}): {why}", text))
            names.extend(first_trouble(text))
for what, text in said:
    print(f"\n==== {what}\n{shortened(text)}")
print("\n" + "\n".join(names))
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(1 if failed or not passed else 0)
