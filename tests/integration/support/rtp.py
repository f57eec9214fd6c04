"""A telephone's media in a few lines: sends a tone, keeps what comes, knows no more of RTP than it must."""

import audioop
import math
import random
import socket
import struct
import threading
import time

import numpy

from . import sound
from .ports import free_block

PCMU, PCMA = 0, 8
PACKET_S = 0.02
SAMPLES = 160


def _pair(address):
    """RTP at an even port, RTCP at the next."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    port = free_block(2)
    rtp, rtcp = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
    rtp.bind((address, port))
    rtcp.bind((address, port + 1))
    return rtp, rtcp


class Packet:
    def __init__(self, data):
        self.arrived = time.monotonic()
        self.payload_type = data[1] & 0x7F
        self.sequence, self.timestamp, self.ssrc = struct.unpack_from("!HII", data, 2)
        self.payload = data[12:]


class RtpLeg:
    """One medium of one caller. `tone` in Hz is sent at -14 dBFS as G.711 once `send_to` was called; without one it
    only listens (a tiny packet opens the path)."""

    def __init__(self, address="127.0.0.1", tone=None, payload_type=PCMU):
        self.rtp, self.rtcp = _pair(address)
        self.port = self.rtp.getsockname()[1]
        self.tone, self.payload_type = tone, payload_type
        self.packets = []
        self.remote = None
        self.open = True
        self.ssrc = random.getrandbits(32)
        self.threads = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._speak)]
        for thread in self.threads:
            thread.start()

    def _listen(self):
        self.rtp.settimeout(0.1)
        while self.open:
            try:
                data = self.rtp.recv(2048)
            except OSError:
                continue
            if len(data) > 12:
                self.packets.append(Packet(data))

    def _speak(self):
        sequence, count = random.getrandbits(15), 0
        due = time.monotonic()
        while self.open:
            time.sleep(max(0.0, due - time.monotonic()))
            due += PACKET_S
            count += 1
            if self.remote is None or self.tone is None:
                continue
            header = struct.pack("!BBHII", 0x80, self.payload_type, (sequence + count) & 0xFFFF,
                                 count * SAMPLES & 0xFFFFFFFF, self.ssrc)
            try:
                self.rtp.sendto(header + self._samples(count), self.remote)
            except OSError:
                pass

    def _samples(self, count):
        first = count * SAMPLES
        linear = struct.pack("<160h", *(int(6500 * math.sin(2 * math.pi * self.tone * (first + i) / 8000))
                                        for i in range(SAMPLES)))
        return (audioop.lin2ulaw if self.payload_type == PCMU else audioop.lin2alaw)(linear, 2)

    def send_to(self, address, port):
        self.remote = (address, port)
        return self

    def hush(self):
        self.remote = None

    def forget(self):
        self.packets = []

    def since(self, moment):
        return [p for p in list(self.packets) if p.arrived >= moment]

    def level_dbfs(self, hertz, seconds=1.0):
        """Level of a tone in the newest `seconds` of G.711 heard; -120 while there is less."""
        newest = list(self.packets)[-int(seconds / PACKET_S):]
        if len(newest) < seconds / PACKET_S:
            return -120.0
        decode = audioop.ulaw2lin if newest[-1].payload_type == PCMU else audioop.alaw2lin
        linear = b"".join(decode(p.payload, 2) for p in newest)
        return sound.tone_level_dbfs(numpy.frombuffer(linear, "<i2") / 32768, 8000, hertz)

    def hears(self, hertz):
        return self.level_dbfs(hertz) > -30

    def key_pictures(self, since):
        """RTP times of the H.264 pictures with an IDR slice (RFC 6184: alone, in a STAP-A, or begun in a FU-A)."""
        return {p.timestamp for p in self.since(since) if _has_idr(p.payload)}

    def close(self):
        self.open = False
        for thread in self.threads:
            thread.join(2)
        self.rtp.close()
        self.rtcp.close()


def _has_idr(payload):
    kind = payload[0] & 0x1F
    if kind == 24:
        at = 1
        while at + 2 < len(payload):
            if payload[at + 2] & 0x1F == 5:
                return True
            at += 2 + struct.unpack_from("!H", payload, at)[0]
        return False
    if kind == 28:
        return bool(payload[1] & 0x80) and payload[1] & 0x1F == 5
    return kind == 5
