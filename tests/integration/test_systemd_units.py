"""The units shipped for systemd: they are right, and they leave a broken daemon little to break."""

import configparser
import json
import pathlib
import subprocess

import pytest

from support.tessera import BUILD, ROOT

FOLDER = pathlib.Path(ROOT) / "tools/deploy/systemd"
PROGRAMS = {"tessera-mcud": BUILD / "mcu/tessera-mcud", "tessera-signald": BUILD / "signaling/tessera-signald"}
# systemd's own measure, 0 to 10; a unit that says nothing has 9.6. What is left is the network, real time and Unix sockets.
HIGHEST_EXPOSURE = 1.5


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)


class Keys(dict):
    """A key may stand several times: all that it says, in order."""

    def __setitem__(self, key, value):
        if isinstance(value, list) and key in self:
            self[key].extend(value)
        else:
            super().__setitem__(key, value)


def service(name):
    parser = configparser.RawConfigParser(strict=False, dict_type=Keys, delimiters=("=",), interpolation=None)
    parser.optionxform = str
    parser.read(FOLDER / f"{name}.service")
    return {key: value.split("\n") for key, value in parser.items("Service")}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_unit_exposes_little(name):
    ended = analyze("security", "--offline=true", "--json=short", f"--threshold={int(HIGHEST_EXPOSURE * 10)}",
                    FOLDER / f"{name}.service")

    open_doors = [row["name"] for row in json.loads(ended.stdout) if not row["set"] and row["exposure"]]
    assert ended.returncode == 0, open_doors


@pytest.mark.parametrize("name", PROGRAMS)
def test_systemd_understands_every_line_of_a_unit(name, folder):
    text = (FOLDER / f"{name}.service").read_text()
    installed = f"/usr/local/bin/{name}"
    assert installed in text
    # Where the programs are not installed: the ones just built.
    for other in PROGRAMS:
        unit = (FOLDER / f"{other}.service").read_text().replace(f"/usr/local/bin/{other}", str(PROGRAMS[other]))
        (folder / f"{other}.service").write_text(unit)

    ended = analyze("verify", "--man=no", folder / f"{name}.service")

    complaints = [line for line in ended.stderr.splitlines() if "tessera" in line]
    assert (ended.returncode, complaints) == (0, []), ended.stderr


def test_the_daemons_have_users_of_their_own_that_are_made_by_the_file_beside():
    mcud, signald = service("tessera-mcud"), service("tessera-signald")
    made = (FOLDER / "tessera.conf").read_text()

    assert mcud["User"] != signald["User"] and mcud["Group"] == signald["Group"] == ["tessera"]
    for unit in (mcud, signald):
        assert f"u {unit['User'][0]} -" in made and f"m {unit['User'][0]} tessera" in made
        assert unit["NoNewPrivileges"] == ["yes"] and unit["ProtectSystem"] == ["strict"]
        assert unit["CapabilityBoundingSet"] == [""] and unit["AmbientCapabilities"] == [""]
        assert unit["LimitCORE"] == ["0"]


def test_the_tick_of_sound_may_have_the_priority_that_it_asks_for_and_signald_none():
    mcud, signald = service("tessera-mcud"), service("tessera-signald")
    asked = "param.sched_priority = 10;"

    assert asked in (pathlib.Path(ROOT) / "mcu/bridge/tick_thread.cpp").read_text()
    assert mcud["LimitRTPRIO"] == ["10"] and "RestrictRealtime" not in mcud
    assert signald["LimitRTPRIO"] == ["0"] and signald["RestrictRealtime"] == ["yes"]
