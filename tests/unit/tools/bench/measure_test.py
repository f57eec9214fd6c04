#!/usr/bin/python3
"""What tools/bench/measure.py makes of a leg's report: rates of the time that was measured, whatever the ladder did."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "tools" / "bench"))

import measure  # noqa: E402


def leg(fps, seconds, kbps):
    """Invited at 100 s of the common clock."""
    count = int(fps * seconds)
    at = [i / fps for i in range(count)]
    return {"invited_monotonic_ns": 100 * 10**9,
            "video": {"arrivals_s": at, "advances_s": at, "arrivals_bytes": [kbps * 1000 / 8 / fps] * count}}


class MeasureTest(unittest.TestCase):
    def test_bits_are_those_of_the_time_they_took_at_any_frame_rate(self):
        for fps in (30, 15, 22.5):
            with self.subTest(fps=fps):
                came, kbps = measure.received(leg(fps, 20, 1000), 105, 115)

                self.assertAlmostEqual(came, fps, delta=0.2)
                self.assertAlmostEqual(kbps, 1000, delta=10)

    def test_what_came_before_and_after_does_not_count(self):
        self.assertEqual(measure.received(leg(30, 5, 1000), 106, 110), (0, 0))
        self.assertAlmostEqual(measure.fps_within(leg(30, 7.5, 1000), 105, 110), 15, delta=0.2)

    def test_the_floor_begins_where_measuring_did_and_has_the_rate_of_the_leg(self):
        options = measure.floor_options(leg(15, 20, 1000), {"begin_s": 108, "end_s": 118, "drawn_fps": 15})

        self.assertEqual(options, ["--from", 120, "--drawn-fps", 15, "--received-fps", "15.000"])

    def test_the_ladder_halves_what_is_drawn_while_a_step_of_it_is_in_force(self):
        self.assertEqual(measure.drawn_fps([0, 0, 0]), 30)
        self.assertEqual(measure.drawn_fps([0, 1, 2]), 15)
        self.assertEqual(measure.drawn_fps([1, 0, 0]), 30)

    def test_the_table_judges_every_leg_by_its_own_bits(self):
        table = measure.Table("test")
        figures = {"begin_s": 102, "end_s": 112, "drawn_fps": 15}

        table.rates([leg(15, 20, 1000), leg(15, 20, 850)], figures)

        rows = {row["what"]: row for row in table.rows}
        self.assertFalse(rows["slowest leg"]["kept"])
        bits = rows["received, least and most of any leg"]
        self.assertFalse(bits["kept"])
        self.assertEqual([round(k, -1) for k in figures["kbps"]], [850, 1000])


if __name__ == "__main__":
    unittest.main()
