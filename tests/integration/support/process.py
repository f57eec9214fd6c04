"""Programs under test: started in a folder of their own, logged to a file, ended by PID."""

import os
import signal
import subprocess

from .wait import until


class Process:
    def __init__(self, name, argv, folder, env=None):
        self.name = name
        self.argv = [str(a) for a in argv]
        self.folder = folder
        self.env = {**os.environ, **(env or {})}
        self.log_path = folder / f"{name}.log"
        self.popen = None

    def start(self):
        log = open(self.log_path, "ab")
        self.popen = subprocess.Popen(
            self.argv, cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        log.close()
        return self

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen is not None and self.popen.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def wait_for_log(self, text, seconds=10):
        def look():
            if not self.running() and text not in self.log():
                raise AssertionError(f"{self.name} ended ({self.popen.returncode}):\n{self.log()[-3000:]}")
            return text in self.log()

        until(look, seconds, f"'{text}' in the log of {self.name}:\n{self.log()[-2000:]}")

    def kill(self):
        """kill -9: a case we test."""
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait(10)

    def stop(self, seconds=12):
        """SIGTERM, and its exit code. A program that does not end is killed and reported."""
        if self.popen is None or self.popen.poll() is not None:
            return self.popen.returncode if self.popen else None
        self.popen.terminate()
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not end within {seconds} s of SIGTERM")

    def rss_kib(self):
        return self._status("VmRSS")

    def heap_kib(self):
        """Resident memory that is no file's: heap and stacks, without the code that was touched."""
        return self._status("RssAnon")

    def _status(self, name):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(name))

    def open_files(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))
