#!/usr/bin/env python3
"""Adds up ctest's JUnit files and prints the closing line `N passed, N failed[, N skipped]`.
Exit status 1 when anything failed or nothing ran."""
import argparse
import sys
import xml.etree.ElementTree as xml

parser = argparse.ArgumentParser()
parser.add_argument("--failed", type=int, default=0, help="failures that no file tells of")
parser.add_argument("--skipped", type=int, default=0, help="tests that were left out")
parser.add_argument("files", nargs="*")
args = parser.parse_args()

passed, failed, skipped, names = 0, args.failed, args.skipped, []
for file in args.files:
    try:
        cases = xml.parse(file).getroot().iter("testcase")
    except (OSError, xml.ParseError) as error:
        failed += 1
        names.append(f"{file}: {error}")
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
print("\n".join(names))
print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(1 if failed or not passed else 0)
