#!/usr/bin/python3
"""tools/bench/plots.py, drawing what a sweep left, with a point whose floor could not be measured."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

PLOTS = pathlib.Path(__file__).parents[4] / "tools" / "bench" / "plots.py"


def point(people, floor):
    return {"people": people, "cores": 0.1 * people, "floor": floor, "fps": 30 if floor else 12, "load": 0.5,
            "video_ms": [20 + i / 10 for i in range(200)], "audio_ms": [15, 20, 25, 30]}


def draw(sweeps):
    """Elements of each picture, by the file's name."""
    with tempfile.TemporaryDirectory() as folder:
        kept = pathlib.Path(folder) / "plots.json"
        kept.write_text(json.dumps({"date": "2026-01-02", "sweeps": sweeps}))
        subprocess.run([sys.executable, PLOTS, "--draw", kept, "--into", folder], check=True, capture_output=True)
        return {file.stem: xml.etree.ElementTree.parse(file).getroot() for file in pathlib.Path(folder).glob("*.svg")}


def lines(picture):
    """Curves and rules; matplotlib names them so."""
    return sum(1 for each in picture.iter() if each.get("id", "").startswith("line2d_"))


class PlotsTest(unittest.TestCase):
    def test_a_sweep_becomes_four_pictures(self):
        drawn = draw({"shared": [point(4, 0.3), point(9, 0.5)], "personal": [point(2, 0.2), point(4, 0.4)]})

        self.assertEqual(set(drawn), {"cores-shared", "cores-personal", "fps", "latency"})

    def test_a_point_without_a_floor_is_drawn_without_one(self):
        whole = draw({"shared": [point(4, 0.3), point(9, 0.5)]})
        without = draw({"shared": [point(4, None), point(9, None)]})

        # The floor, its multiple of 1.2, and both in the legend.
        self.assertGreaterEqual(lines(whole["cores-shared"]) - lines(without["cores-shared"]), 4)
        self.assertEqual(lines(whole["fps"]), lines(without["fps"]))

    def test_a_kind_that_was_not_swept_is_left_out(self):
        drawn = draw({"shared": [point(4, 0.3)], "personal": []})

        self.assertEqual(set(drawn), {"cores-shared", "fps", "latency"})


if __name__ == "__main__":
    unittest.main()
