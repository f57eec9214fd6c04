"""A flood of SIP from many sources, and people who call meanwhile."""

import itertools
import re
import socket
import threading
import time

from sip_peer import sdp

from .ports import free_block

SOURCES = 500
_numbers = itertools.count(1)


class Stranger:
    """A UDP socket at any address of 127/8 that asks without waiting."""

    def __init__(self, server, address="127.0.0.1"):
        self.server = server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.here = "%s:%d" % self.socket.getsockname()

    def ask(self, number, method="OPTIONS", room="demo"):
        self.socket.sendto(
            (f"{method} sip:{room}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {self.here};rport;branch=z9hG4bK-{self.here}-{number}\r\n"
             f"Max-Forwards: 70\r\nFrom: <sip:x@x>;tag={number}\r\nTo: <sip:{room}@127.0.0.1>\r\nCall-ID: {number}@{self.here}\r\n"
             f"CSeq: 1 {method}\r\nContact: <sip:x@{self.here}>\r\nContent-Length: 0\r\n\r\n").encode(),
            ("127.0.0.1", self.server.sip_port))

    def answered(self, seconds):
        """Final answers that come until none came for so long."""
        calls = set()
        self.socket.settimeout(seconds)
        try:
            while True:
                text = self.socket.recv(65536).decode()
                if not text.startswith("SIP/2.0 1"):
                    calls.add(text.lower().split("call-id:")[1].split()[0])
        except TimeoutError:
            return len(calls)


class Flood(threading.Thread):
    """INVITE, OPTIONS and REGISTER, each new, from each source in turn."""

    def __init__(self, server, per_second):
        super().__init__(daemon=True)
        self.per_second, self.sent, self.ended = per_second, 0, threading.Event()
        self.strangers = [Stranger(server, f"127.{10 + i // 250}.0.{1 + i % 250}") for i in range(SOURCES)]

    def run(self):
        began = time.monotonic()
        while not self.ended.wait(0.002):
            while self.sent < (time.monotonic() - began) * self.per_second:
                self.strangers[self.sent % SOURCES].ask(
                    f"{next(_numbers)}", ("INVITE", "OPTIONS", "REGISTER")[self.sent % 3], ("demo", "nobody")[self.sent % 2])
                self.sent += 1

    def stop(self):
        self.ended.set()
        self.join()
        for stranger in self.strangers:
            stranger.socket.close()


class PatientCaller(threading.Thread):
    """Calls from an address of its own by UDP, sends its INVITE again as RFC 3261 17.1.1.2 has it, and hangs up."""

    def __init__(self, server, address, patience_s=8):
        super().__init__(daemon=True)
        self.there = ("127.0.0.1", server.sip_port)
        self.call_id = f"patient{next(_numbers)}"
        self.patience_s, self.status, self.waited_s = patience_s, None, None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.here = "%s:%d" % self.socket.getsockname()

    def request(self, method, number, to_tag="", body=""):
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.socket.sendto(
            (f"{method} sip:demo@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {self.here};rport;branch=z9hG4bK{self.call_id}{method}\r\n"
             f"Max-Forwards: 70\r\nFrom: <sip:patient@x>;tag=1\r\nTo: <sip:demo@127.0.0.1>{to_tag}\r\nCall-ID: {self.call_id}\r\n"
             f"CSeq: {number} {method}\r\nContact: <sip:x@{self.here}>\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}").encode(),
            self.there)

    def run(self):
        began = again = time.monotonic()
        interval, offer = 0.5, sdp(f"m=audio {free_block(2)} RTP/AVP 0")
        while (now := time.monotonic()) < began + self.patience_s:
            if now >= again:
                self.request("INVITE", 1, body=offer)
                again, interval = now + interval, interval * 2
            self.socket.settimeout(max(0.01, again - time.monotonic()))
            try:
                text = self.socket.recv(65536).decode()
            except TimeoutError:
                continue
            status = int(text.split()[1])
            if status < 200:
                again = began + self.patience_s
                continue
            self.status, self.waited_s = status, time.monotonic() - began
            tag = re.search(r"(?im)^to:.*?(;tag=[^;\r]+)", text).group(1)
            self.request("ACK", 1, tag)
            if status == 200:
                self.request("BYE", 2, tag)
            break
        self.socket.close()
