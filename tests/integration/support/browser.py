"""Debian's Chromium, without a window: opens one page, and what its script logs as JSON is what the test hears."""

import json
import re

from .process import Process

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required --ignore-certificate-errors "
    "--use-fake-ui-for-media-stream --use-fake-device-for-media-stream --allow-loopback-in-peer-connection "
    "--disable-features=WebRtcHideLocalIpsWithMdns --enable-logging=stderr --log-level=0"
).split()
LINE = re.compile(r'CONSOLE[^"]*"(\{.*\})", source')


class Browser:
    def __init__(self, folder, url):
        self.process = Process("chromium", ["/usr/bin/chromium", *FLAGS, f"--user-data-dir={folder}/chromium", url], folder,
                               env={"HOME": str(folder)}).start()

    def said(self):
        """Everything so far, in order."""
        return [json.loads(text) for text in LINE.findall(self.process.log())]

    def last(self, kind):
        """What was said last of this kind; None: nothing yet."""
        return next((each for each in reversed(self.said()) if each.get("kind") == kind), None)

    def close(self):
        self.process.stop()
