#!/usr/bin/python3
"""Counts what ran: count_tests.py meson LOG.json | junit RESULTS.xml | targets BUILD_DIR SUITE

meson, junit:  prints `passed failed` on the first line, then the end of what each failed test said.
targets:       prints the files that the tests of a suite run, so that a build makes these and no more.
"""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

ALL_PASSED = re.compile(r"^All tests passed \(.* in (\d+) test cases?\)", re.M)
SOME_FAILED = re.compile(r"^test cases: *(\d+) \|(.*)$", re.M)
TAIL_LINES = 60


def tail(text):
    return "\n".join("    " + line for line in text.rstrip().splitlines()[-TAIL_LINES:])


def catch2_counts(stdout):
    """(passed, failed) as Catch2 says at the end; None for a test that is not Catch2's."""
    if match := ALL_PASSED.search(stdout):
        return int(match[1]), 0
    if match := SOME_FAILED.search(stdout):
        part = {name: int(count) for count, name in re.findall(r"(\d+) (passed|failed)", match[2])}
        return part.get("passed", 0), part.get("failed", 0)
    return None


def count_meson(path):
    passed = failed = 0
    said = []
    for line in open(path, encoding="utf-8", errors="replace"):
        test = json.loads(line)
        result, stdout = test["result"], test.get("stdout", "")
        if result == "SKIP":
            continue
        good = result == "OK"
        more_passed, more_failed = catch2_counts(stdout) or (int(good), int(not good))
        # A leak found at exit, a crash or a timeout fails the binary though every test case passed.
        if not good and more_failed == 0:
            more_failed = 1
        passed += more_passed
        failed += more_failed
        if not good:
            said.append(f"{test['name']}: {result}\n{tail(stdout + test.get('stderr', ''))}")
    return passed, failed, said


def count_junit(path):
    passed = failed = 0
    said = []
    for case in xml.parse(path).getroot().iter("testcase"):
        trouble = [child for child in case if child.tag in ("failure", "error")]
        if trouble:
            failed += 1
            said.append(f"{case.get('classname')}.{case.get('name')}\n{tail(trouble[0].text or '')}")
        elif case.find("skipped") is None:
            passed += 1
    return passed, failed, said


def targets(build, suite):
    described = subprocess.run(["meson", "introspect", "--tests", build], check=True, capture_output=True, text=True)
    inside = os.path.abspath(build) + os.sep
    files = set()
    for test in json.loads(described.stdout):
        if suite in (name.split(":")[-1] for name in test["suite"]):
            # A script of the source tree may be named through the build folder: BUILD/../tools/x.
            paths = (os.path.normpath(word) for word in test["cmd"])
            files.update(path[len(inside):] for path in paths if path.startswith(inside))
    return sorted(files)


def main():
    what, path = sys.argv[1:3]
    if what == "targets":
        print("\n".join(targets(path, sys.argv[3])))
        return
    passed, failed, said = count_meson(path) if what == "meson" else count_junit(path)
    print(passed, failed)
    print("\n".join(said))


if __name__ == "__main__":
    main()
