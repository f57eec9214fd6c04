"""Debian's Firefox, without a window, driven by its own remote protocol (Marionette: JSON behind its length, over TCP)."""

import json
import socket

from .ports import free_port
from .process import Process
from .wait import until

PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.autoplay.blocking_policy": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.gmp-manager.url": "",
    "media.gmp-provider.enabled": False,
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    def __init__(self, folder, url):
        profile = folder / "firefox"
        profile.mkdir()
        port = free_port()
        written = "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
                          for name, value in {**PREFERENCES, "marionette.port": port}.items())
        (profile / "user.js").write_text(written)
        self.process = Process("firefox", ["/usr/bin/firefox-esr", "--headless", "--marionette", "--no-remote",
                                           "--profile", profile], folder, env={"HOME": str(folder)}).start()
        self.wire, self.waiting, self.number = None, b"", 0
        self.wire = until(lambda: self._connect(port), 30, lambda: f"Firefox listens: {self.process.log()[-2000:]}")
        self._read()  # its greeting
        self.ask("WebDriver:NewSession", acceptInsecureCerts=True)
        self.ask("WebDriver:Navigate", url=url)

    @staticmethod
    def _connect(port):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except OSError:
            return None

    def _read(self):
        while True:
            length, colon, rest = self.waiting.partition(b":")
            if colon and len(rest) >= int(length):
                self.waiting = rest[int(length):]
                return json.loads(rest[:int(length)])
            piece = self.wire.recv(65536)
            assert piece, f"Firefox is gone: {self.process.log()[-2000:]}"
            self.waiting += piece

    def ask(self, command, **parameters):
        self.number += 1
        said = json.dumps([0, self.number, command, parameters]).encode()
        self.wire.sendall(str(len(said)).encode() + b":" + said)
        _, number, error, result = self._read()
        assert number == self.number
        assert error is None, error
        return result

    def said(self):
        """Everything that the page said so far, in order."""
        return self.ask("WebDriver:ExecuteScript", script="return window.said || []", args=[])["value"]

    def last(self, kind):
        return next((each for each in reversed(self.said()) if each.get("kind") == kind), None)

    def close(self):
        if self.wire:
            self.wire.close()
        self.process.stop()
