#!/usr/bin/python3
"""tools/count_tests.py, over reports of runs that went well and badly."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

COUNTER = pathlib.Path(__file__).parents[3] / "tools" / "count_tests.py"

# what a test binary said, meson's verdict, passed, failed
MESON_CASES = [
    ("All tests passed (3 assertions in 1 test case)\n", "OK", 1, 0),
    ("All tests passed (30 assertions in 5 test cases)\n", "OK", 5, 0),
    ("test cases:    23 |    22 passed | 1 failed\nassertions: 99\n", "FAIL", 22, 1),
    ("test cases: 1 | 1 failed\n", "FAIL", 0, 1),
    # a leak found at exit
    ("All tests passed (30 assertions in 5 test cases)\n", "FAIL", 5, 1),
    ("", "TIMEOUT", 0, 1),
    ("every include points the right way\n", "OK", 1, 0),
    ("", "SKIP", 0, 0),
]

JUNIT = """<testsuites><testsuite>
<testcase classname="calls" name="test_bye"/>
<testcase classname="calls" name="test_hold"><failure>no picture</failure></testcase>
<testcase classname="calls" name="test_setup"><error>no daemon</error></testcase>
<testcase classname="calls" name="test_h323"><skipped/></testcase>
</testsuite></testsuites>"""


AGAIN = """<testsuites><testsuite>
<testcase classname="calls" name="test_hold"/>
<testcase classname="calls" name="test_setup"><error>still no daemon</error></testcase>
</testsuite></testsuites>"""

# pytest tells a test whose fixture's end fails twice.
ENDS_BADLY = """<testsuites><testsuite>
<testcase classname="calls" name="test_bye"/>
<testcase classname="calls" name="test_bye"><error message="a daemon was left"/></testcase>
</testsuite></testsuites>"""


def count(kind, *texts):
    with tempfile.TemporaryDirectory() as folder:
        reports = [pathlib.Path(folder, str(number)) for number in range(len(texts))]
        for report, text in zip(reports, texts):
            report.write_text(text, encoding="utf-8")
        run = subprocess.run([sys.executable, COUNTER, kind, *reports], capture_output=True, text=True, check=True)
    counts, _, said = run.stdout.partition("\n")
    return counts, said


class CountTestsTest(unittest.TestCase):
    def test_a_binary_counts_as_many_tests_as_it_says_it_has(self):
        for stdout, result, passed, failed in MESON_CASES:
            with self.subTest(stdout=stdout, result=result):
                counts, _ = count("meson", json.dumps({"name": "x", "stdout": stdout, "result": result}))
                self.assertEqual(counts, f"{passed} {failed}")

    def test_counts_of_all_binaries_are_summed_and_failures_told(self):
        lines = [json.dumps({"name": n, "stdout": f"I am {n}", "result": r}) for n, r in [("a", "OK"), ("b", "FAIL")]]
        counts, said = count("meson", "\n".join(lines))
        self.assertEqual(counts, "1 1")
        self.assertIn("I am b", said)
        self.assertNotIn("I am a", said)

    def test_errors_fail_and_skipped_tests_do_not_pass(self):
        counts, said = count("junit", JUNIT)
        self.assertEqual(counts, "1 2")
        self.assertIn("no picture", said)

    def test_a_second_run_decides_and_what_passed_only_then_is_named(self):
        counts, said = count("junit", JUNIT, AGAIN)
        self.assertEqual(counts, "2 1")
        self.assertIn("passed only when run again: calls.test_hold\n    no picture", said)
        self.assertIn("still no daemon", said)

    def test_one_that_passes_and_ends_badly_fails_once(self):
        counts, said = count("junit", ENDS_BADLY)
        self.assertEqual(counts, "0 1")
        self.assertIn("a daemon was left", said)


if __name__ == "__main__":
    unittest.main()
