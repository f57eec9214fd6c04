"""The page in Chromium against a room server of its own tests: every state of it, at desktop and phone sizes."""

import re
import subprocess

import pytest

from support.tessera import BUILD, ROOT

PAGE = BUILD / "signaling/web/page"


@pytest.mark.skipif(not PAGE.is_dir(), reason="this build has no page (no npm, or -Dpage=disabled)")
def test_the_page_keeps_to_the_protocol_and_to_what_it_promises(folder):
    ran = subprocess.run(
        ["timeout", "-k", "5", "300", ROOT / "signaling/web/run_tests", "browser", PAGE],
        capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)}, check=False,
    )

    failed = re.findall(r"^not ok \d+ - (.*)", ran.stdout, re.M)
    assert ran.returncode == 0, f"{failed}\n{ran.stdout[-6000:]}\n{ran.stderr[-2000:]}"
