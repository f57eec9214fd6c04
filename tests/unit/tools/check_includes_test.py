#!/usr/bin/python3
"""tools/check_includes, run over small trees with one include each."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECKER = pathlib.Path(__file__).parents[3] / "tools" / "check_includes"

HEADERS = [
    "subprojects/common/common/clock.h",
    "mixer/audio/audio_frame.h",
    "mixer/codec/audio_codec.h",
    "mixer/codec/video_decoder.h",
    "mixer/layout/layout_plan.h",
    "mixer/video/video_frame.h",
    "mcu/rtp/rtp_packet.h",
    "mcu/session/session.h",
    "mcu/transport/udp_port.h",
    "signaling/sdp/sdp.h",
]

# file, its include, what is said of it ("": nothing)
CASES = [
    ("mixer/video/a.cpp", '"common/clock.h"', ""),
    ("mixer/video/a.cpp", '"mixer/layout/layout_plan.h"', ""),
    ("mixer/video/a.cpp", '"mixer/audio/audio_frame.h"', "mixer/video may include only itself"),
    ("mixer/audio/a.cpp", '"mixer/codec/audio_codec.h"', ""),
    ("mixer/audio/a.cpp", '"mixer/codec/video_decoder.h"', "mixer/audio may include only itself"),
    ("mixer/codec/a.cpp", '"mixer/video/video_frame.h"', ""),
    ("mixer/layout/a.cpp", '"mixer/video/video_frame.h"', "mixer/layout may include only itself"),
    ("mixer/layout/a.cpp", '"mcu/session/session.h"', "mixer/layout may include only itself"),
    ("mcu/rtp/rtcp/a.cpp", '"mcu/rtp/rtp_packet.h"', ""),
    ("mcu/rtp/a.cpp", '"mcu/session/session.h"', "mcu/rtp may include only itself"),
    ("mcu/transport/a.cpp", '"mcu/rtp/rtp_packet.h"', "mcu/transport may include only itself"),
    ("mcu/session/a.cpp", '"mcu/transport/udp_port.h"', ""),
    ("mcu/mcud_main.cpp", '"mcu/session/session.h"', ""),
    ("mcu/mcud_main.cpp", '"signaling/sdp/sdp.h"', "mcu may include only itself"),
    ("signaling/signald_main.cpp", '"signaling/sdp/sdp.h"', ""),
    ("signaling/api/a.cpp", '"mixer/layout/layout_plan.h"', "signaling/api may include only itself"),
    ("signaling/mcu_client/a.cpp", '"mcu_control.grpc.pb.h"', ""),
    ("signaling/sip/a.cpp", '"mcu_control.pb.h"', "is seen only in mcu/control"),
    ("subprojects/common/common/a.cpp", '"mixer/layout/layout_plan.h"', "without sight of the rest"),
    ("mixer/video/a.cpp", '"video_frame.h"', "ours are included from the root"),
    ("mixer/video/a.cpp", '"common/clok.h"', "does not exist"),
    ("mixer/video/a.cpp", "<common/clock.h>", "with quotation marks"),
    ("mixer/codec/a.cpp", "<x264.h>", ""),
    ("mixer/encode/a.cpp", "<x264.h>", "x264 is at home in mixer/codec"),
    ("mixer/codec/a.h", "<x264.h>", "x264's types stay in .cpp files"),
    ("mixer/codec/a.h", "<tl/expected.hpp>", ""),
    ("mixer/codec/a.cpp", "<vector>", ""),
    ("mcu/transport/a.cpp", "<sys/socket.h>", ""),
    ("mcu/transport/a.cpp", "<boost/asio.hpp>", "a library without a home"),
    ("storage/spool/a.cpp", "<vector>", "no line in tools/check_includes"),
]


def said_of(path, include):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for header in HEADERS:
            (root / header).parent.mkdir(parents=True, exist_ok=True)
            (root / header).touch()
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"// a file\n#include {include}\n")
        run = subprocess.run([sys.executable, CHECKER, root], capture_output=True, text=True)
        return run.returncode, run.stdout


class CheckIncludesTest(unittest.TestCase):
    def test_each_include_is_judged_by_the_tables(self):
        for path, include, said in CASES:
            with self.subTest(path=path, include=include):
                code, output = said_of(path, include)
                self.assertEqual(code, 1 if said else 0, output)
                self.assertIn(said, output)

    def test_what_is_wrong_is_named_with_its_line(self):
        _, output = said_of("mixer/encode/a.cpp", "<x264.h>")
        self.assertEqual(output, "mixer/encode/a.cpp:2: x264.h: x264 is at home in mixer/codec\n")


if __name__ == "__main__":
    unittest.main()
