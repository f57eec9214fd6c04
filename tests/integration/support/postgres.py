"""A PostgreSQL of the test's own: a cluster in a folder, on a Unix socket there and on no network."""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

from .wait import until

PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")
# It refuses to run as root.
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--pdeathsig=KILL"] if os.geteuid() == 0 else []


class Postgres:
    def __init__(self, folder):
        """`folder`: for its log. Its data and socket stand elsewhere, where nobody may reach them and paths are short."""
        folder.mkdir()
        self.log = folder / "postgres.log"
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="tsr-pg-"))
        if AS_NOBODY:
            shutil.chown(self.place, "nobody", "nogroup")
        self.server = None
        self._run("initdb", f"--pgdata={self.place}/data", "--auth=trust", "--username=tessera", "--no-sync", "--encoding=UTF8",
                  "--locale=C")
        self.url = f"postgresql://tessera@{urllib.parse.quote(str(self.place), safe='')}/postgres"

    def _run(self, program, *arguments, check=True):
        with open(self.log, "ab") as log:
            return subprocess.run([*AS_NOBODY, PROGRAMS / program, *arguments], stdout=log, stderr=log, cwd=self.place,
                                  check=check, timeout=60)

    def start(self):
        with open(self.log, "ab") as log:
            self.server = subprocess.Popen([*AS_NOBODY, PROGRAMS / "postgres", "-D", f"{self.place}/data", "-k", self.place,
                                            "-h", "", "-F"], stdout=log, stderr=log, cwd=self.place)
        until(lambda: self._run("pg_isready", "-h", self.place, "-q", check=False).returncode == 0, 20, "PostgreSQL answers")
        return self

    def kill(self):
        """As in a crash."""
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(20)
        self.server = None

    def stop(self):
        if self.server:
            self.kill()
        shutil.rmtree(self.place, ignore_errors=True)
