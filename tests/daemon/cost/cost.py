#!/usr/bin/env python3
"""Fails when a message has become dearer: instructions (valgrind's cachegrind) and allocations a message of each of a
program's paths, against what costs.json says. Counts, not times: the same on any machine and under any load, with
Debian 12's compiler and libraries.

  cost.py PROGRAM            compare
  cost.py PROGRAM --update   write costs.json anew; say in the commit why
"""
import json
import pathlib
import re
import subprocess
import sys

EXPECTED = pathlib.Path(__file__).with_name("costs.json")
FEW, MANY = 1000, 3000  # what starting costs is in both
GROWTH = 1.10


def counts(program, path, messages):
    run = subprocess.run(["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", program,
                          path, str(messages)], capture_output=True, text=True)
    instructions = re.search(r"I\s+refs:\s+([\d,]+)", run.stderr)
    if run.returncode != 0 or instructions is None:
        sys.exit(f"{program} {path} under valgrind:\n{run.stderr}")
    return int(instructions.group(1).replace(",", "")), int(run.stdout)


def a_message(program, path):
    few, many = counts(program, path, FEW), counts(program, path, MANY)
    instructions, allocations = ((more - less) / (MANY - FEW) for more, less in zip(many, few))
    return {"instructions": round(instructions), "allocations": round(allocations, 2)}


def main():
    program = pathlib.Path(sys.argv[1])
    expected = json.loads(EXPECTED.read_text(encoding="ascii"))
    now = {path: a_message(program, path) for path in expected[program.name]}
    if "--update" in sys.argv:
        expected[program.name] = now
        EXPECTED.write_text(json.dumps(expected, indent=2) + "\n", encoding="ascii")
    dearer = False
    for path, costs in now.items():
        for what, value in costs.items():
            most = expected[program.name][path][what]
            grew = value > most * GROWTH
            dearer |= grew
            print(f"{path}: {value} {what} a message, {most} expected" + (": DEARER" if grew else ""))
    sys.exit(1 if dearer else 0)


if __name__ == "__main__":
    main()
