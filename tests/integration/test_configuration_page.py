"""docs/configuration.md names every key that the daemons read, and its example is one they take."""

import re
import subprocess

import pytest

from support.tessera import BUILD, ROOT

PAGE = (ROOT / "docs/configuration.md").read_text()
READERS = {"signald": ["signaling/config/settings.cpp", "signaling/config/listener_settings.cpp"],
           "mcud": ["mcu/config/mcud_config.cpp"]}


def keys_read(paths):
    """Every `section.text("key", ...)` and the like in the readers' sources."""
    source = "".join((ROOT / path).read_text() for path in paths)
    kinds = r"\.(?:text|texts|integer|number|numbers|boolean|choice|section|sections|require)\(\s*\"(\w+)\""
    return set(re.findall(kinds, source))


@pytest.mark.parametrize("daemon", READERS)
def test_every_key_that_a_daemon_reads_stands_on_the_page(daemon):
    keys = keys_read(READERS[daemon])
    assert len(keys) > 8, f"{READERS[daemon]} is read in another way than this test thinks: {keys}"
    missing = {key for key in keys if f"`{key}`" not in PAGE and f"{key}]" not in PAGE and f"`{key} = " not in PAGE}
    assert not missing


def test_every_key_in_a_table_of_the_page_is_read_by_a_daemon():
    tables = re.findall(r"\| key \| default .*?\n\n", PAGE, re.DOTALL)
    named = set(re.findall(r"^\| `(\w+)` \|", "".join(tables), re.MULTILINE))
    assert named <= keys_read(READERS["signald"]) | keys_read(READERS["mcud"])


def test_the_example_has_no_mistake(folder):
    file = folder / "tessera.toml"
    file.write_text(re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL).group(1))
    said = subprocess.run([BUILD / "signaling/tessera-signald", "--config", file, "--check"], capture_output=True,
                          text=True, check=True, timeout=20)
    assert said.stdout.startswith("1 rooms, no mistakes\n")
