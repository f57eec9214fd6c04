#!/usr/bin/python3
"""From the click on Join to the first decoded picture, in Debian's Chromium on this machine: join_time.py [JOINS]

Starts both daemons of TESSERA_BUILD on free ports, joins a room by the page again and again, and prints p50, p95 and the
worst in milliseconds. Somebody else is in the room all the time."""

import json
import pathlib
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

from support import page as pages  # noqa: E402
from support.ports import free_port  # noqa: E402
from support.tessera import Tessera  # noqa: E402


def measure(folder, joins):
    port = free_port()
    server = Tessera(folder, signald=f'https = "127.0.0.1:{port}"\npage = "{pages.FOLDER}"\n').start()
    url = f"https://127.0.0.1:{port}/r/demo"
    waiting, joining = pages.Page(folder), pages.Page(folder)
    try:
        waiting.join(url, "Waiting")
        took = []
        for _ in range(joins):
            took.append(joining.join(url, "Joining"))
            joining.do("click", button="Leave")
            joining.do("see", text="You have left")
        return sorted(took)
    finally:
        waiting.close()
        joining.close()
        server.stop()


def main():
    joins = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    pages.compile_driver()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tsr-"))
    try:
        took = measure(folder, joins)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    at = lambda share: round(took[min(len(took) - 1, int(share * len(took)))])  # noqa: E731
    print(json.dumps({"joins": len(took), "p50_ms": at(0.5), "p95_ms": at(0.95), "worst_ms": round(took[-1])}))


if __name__ == "__main__":
    main()
