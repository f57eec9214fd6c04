"""sipp, for dialogs in great numbers: one scenario file, many calls, a failed one fails the test."""

import pathlib
import re
import subprocess

from .ports import free_port

SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / "sip"


def run(server, scenario, folder, room="demo", calls=1, rate=10, transport="u1", address="127.0.0.1", seconds=120,
        media_port=None, extra=()):
    """Runs to the end and returns (good, failed) calls; raises with sipp's own words when it could not run."""
    there = f"[{server.address}]" if ":" in server.address else server.address
    errors = folder / f"{scenario}-{room}-errors.log"
    done = subprocess.run(
        ["sipp", f"{there}:{server.sip_port}", "-sf", SCENARIOS / f"{scenario}.xml", "-s", room, "-i", address,
         "-mi", address, "-p", str(free_port()), "-mp", str(media_port or free_port(also=3)), "-t", transport, "-nostdin",
         "-m", str(calls), "-r", str(rate), "-l", "1000", "-timeout", str(seconds), "-timeout_error",
         "-trace_err", "-error_file", errors, *extra],
        cwd=folder, capture_output=True, text=True, timeout=seconds + 30, check=False)
    words = (errors.read_text(errors="replace") if errors.exists() else done.stdout)[-3000:]
    good, failed = (_cumulative(done.stdout, what) for what in ("Successful call", "Failed call"))
    assert done.returncode in (0, 1) and good is not None, words
    return good, failed, words


def _cumulative(screen, row):
    """The last printed statistics screen has `row | this period | in all`."""
    found = re.findall(rf"{row}\s*\|\s*\d+\s*\|\s*(\d+)", screen)
    return int(found[-1]) if found else None
