#!/usr/bin/python3
"""Counts what ran: count_tests.py meson LOG.json | junit RESULTS.xml [AGAIN.xml] | targets BUILD_DIR SUITE

meson, junit:  prints `passed failed` on the first line, then the end of what each failed test said. AGAIN holds a second
               run of some that failed: it decides, and what passed only then is named.
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


def junit_results(path):
    """Of each test that was not skipped: its trouble, None where it passed."""
    results = {}
    for case in xml.parse(path).getroot().iter("testcase"):
        if case.find("skipped") is not None:
            continue
        name = f"{case.get('classname')}.{case.get('name')}"
        trouble = [child.text or child.get("message") or child.tag for child in case if child.tag in ("failure", "error")]
        # One whose end fails after it passed is there twice.
        results[name] = results.get(name) or (trouble[0] if trouble else None)
    return results


def count_junit(path, again=None):
    results = junit_results(path)
    said = []
    for name, trouble in junit_results(again).items() if again else []:
        if results.get(name) is not None and trouble is None:
            said.append(f"passed only when run again: {name}\n{tail(results[name])}")
        results[name] = trouble
    failed = {name: trouble for name, trouble in results.items() if trouble is not None}
    said += [f"{name}\n{tail(trouble)}" for name, trouble in failed.items()]
    return len(results) - len(failed), len(failed), said


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
    passed, failed, said = count_meson(path) if what == "meson" else count_junit(*sys.argv[2:])
    print("\n".join([f"{passed} {failed}", *said]))


if __name__ == "__main__":
    main()
