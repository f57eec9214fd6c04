"""A room system of old: plain RTP, pictures reordered for a moment, no retransmission; it asks for a start (PLI) when
one is lost, and reports as RFC 3550 A.3 says. It decodes nothing, but knows when its picture is whole: since a key
picture of which nothing was missing, nothing was missing."""

import random
import select
import struct
import threading
import time

from .caller import VIDEO_FORMAT, Caller
from .phone import H264
from .phone import rtp as rtp_packet
from .rtp import _has_idr

SENDER_REPORT, RECEIVER_REPORT, PAYLOAD_FEEDBACK = 200, 201, 206
REPORT_S, ASK_S = 5, 0.5
SLICE = bytes([0x41, 0x9A]) + bytes(100)


class LegacyViewer:
    """`counts_copies`: a packet that came twice counts twice in its reports (RFC 3550 A.3); with SRTP it would not.
    `asks`: whether it asks for starts at all. `patience_s`: how long it waits for a packet that others overtook."""

    def __init__(self, server, name, counts_copies=True, asks=True, patience_s=0.1, bandwidth=""):
        self.counts_copies, self.asks, self.patience_s = counts_copies, asks, patience_s
        self.caller = Caller(server, video=True, address="127.0.0.1")
        self.caller.video.open = False  # its socket is read here
        self.caller.video_format = [*filter(None, [bandwidth]), *VIDEO_FORMAT, "a=rtcp-fb:* nack pli"]
        self.ssrc = random.getrandbits(32)
        self.media_ssrc = None
        self.arrived = {}          # extended sequence: (arrival, RTP time, marker, IDR), until it is consumed
        self.highest = self.first = None
        self.received = self.octets = self.copies = self.duplicates = 0
        self.before = (0, 0)       # expected and received at the last report
        self.last_report = (0, 0)  # middle of the sender report's NTP time, and when it came
        self.next = None
        self.picture = None        # RTP time of the one under way
        self.picture_whole = self.picture_key = False
        self.began = True          # the packet before ended a picture
        self.whole = False
        self.broken_at = time.monotonic()
        self.asked_at = self.reported_at = 0.0
        self.lock = threading.Lock()
        self.forget()
        self.caller.dial(name=f'"{name}" ')
        self.rtp_to = self.caller.video.remote
        self.rtcp_to = (self.rtp_to[0], self.rtp_to[1] + 1)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def forget(self):
        """What is counted begins anew."""
        with self.lock:
            self.repairs, self.pictures, self.broken_pictures, self.lost = [], 0, 0, 0
            self.broken_s, self.freezes, self.last_picture, self.asked = 0.0, 0, time.monotonic(), 0
            self.counted_at, self.octets = time.monotonic(), 0
            if not self.whole:
                self.broken_at = time.monotonic()

    def figures(self):
        with self.lock:
            now = time.monotonic()
            open_s = 0.0 if self.whole else now - self.broken_at
            repairs = sorted(self.repairs + ([open_s] if open_s else []))
            return {
                "pictures": self.pictures, "broken": self.broken_pictures, "packets_lost": self.lost,
                "repairs": len(repairs), "longest_repair_s": round(max(repairs, default=0), 2),
                "median_repair_s": round(repairs[len(repairs) // 2], 2) if repairs else 0,
                "over_1_s": sum(one > 1 for one in repairs),
                "whole_percent": round(100 * (1 - (self.broken_s + open_s) / (now - self.counted_at)), 1),
                "freezes": self.freezes, "starts_asked": self.asked,
                "kbps": round(self.octets * 8 / 1000 / (now - self.counted_at)),
            }

    def _work(self):
        rtp, rtcp = self.caller.video.rtp, self.caller.video.rtcp
        rtp.setblocking(False)
        sent, count = 0.0, 0
        while not self.ended.is_set():
            ready, _, _ = select.select([rtp, rtcp], [], [], 0.01)
            now = time.monotonic()
            with self.lock:
                while rtp in ready:
                    try:
                        self._take(rtp.recv(2048), time.monotonic())
                    except BlockingIOError:
                        break
                if rtcp in ready:
                    self._take_report(rtcp.recv(2048), now)
                self._consume(now)
                if now - sent > 0.2:
                    # A picture of its own, so that the server learns from where it is reached.
                    sent, count = now, count + 1
                    rtp.sendto(rtp_packet(H264, count, count * 18000, self.ssrc, SLICE, marker=True), self.rtp_to)
                if now - self.reported_at > REPORT_S and self.media_ssrc is not None:
                    self._report(now)

    def _take(self, data, now):
        if len(data) <= 12:
            return
        sequence, rtp_time, ssrc = struct.unpack_from("!HII", data, 2)
        if self.media_ssrc != ssrc:
            self.media_ssrc, self.highest, self.first, self.next = ssrc, 65536 + sequence, 65536 + sequence, 65536 + sequence
            self.received, self.before = 0, (0, 0)
        extended = self.highest + ((sequence - self.highest + 32768) % 65536 - 32768)
        self.octets += len(data) + 28
        known = extended in self.arrived or extended < self.next
        if not known or self.counts_copies:
            self.received += 1
        if known:
            self.duplicates += 1
            return
        self.highest = max(self.highest, extended)
        self.arrived[extended] = (now, rtp_time, bool(data[1] & 0x80), _has_idr(data[12:]))

    def _take_report(self, data, now):
        if len(data) >= 28 and data[1] == SENDER_REPORT:
            self.last_report = (struct.unpack_from("!I", data, 10)[0], now)

    def _consume(self, now):
        while self.next is not None and self.next <= self.highest:
            packet = self.arrived.pop(self.next, None)
            if packet is None:
                later = [self.arrived[s][0] for s in range(self.next + 1, self.highest + 1) if s in self.arrived]
                if not later or now - min(later) < self.patience_s:
                    return
                self.lost += 1
                self._break(now)
            else:
                self._decode(packet, now)
            self.next += 1

    def _break(self, now):
        self.picture_whole = self.began = False
        if self.whole:
            self.whole, self.broken_at = False, now
        if self.asks and now - self.asked_at > ASK_S:
            self._ask(now)

    def _decode(self, packet, now):
        _, rtp_time, marker, idr = packet
        if rtp_time != self.picture:
            if self.picture is not None and not self.began:
                self.picture_whole = False
            self.picture, self.picture_key, self.picture_whole = rtp_time, False, self.began
        self.picture_key = self.picture_key or idr
        self.began = marker
        if not marker:
            return
        self.pictures += 1
        if now - self.last_picture > 0.5:
            self.freezes += 1
        self.last_picture = now
        if not self.picture_whole:
            self.broken_pictures += 1
        elif self.picture_key and not self.whole:
            self.whole = True
            self.repairs.append(now - self.broken_at)
            self.broken_s += now - self.broken_at
        if not self.whole and self.asks and now - self.asked_at > ASK_S:
            self._ask(now)

    def _compound(self, now):
        expected = self.highest - self.first + 1
        lost = expected - self.received
        interval, got = expected - self.before[0], self.received - self.before[1]
        fraction = max(0, min(255, (interval - got) * 256 // interval)) if interval > 0 else 0
        self.before = (expected, self.received)
        middle, came = self.last_report
        delay = int((now - came) * 65536) if middle else 0
        return struct.pack("!BBHIIIIIII", 0x81, RECEIVER_REPORT, 7, self.ssrc, self.media_ssrc,
                           fraction << 24 | lost & 0xFFFFFF, self.highest - 65536, 0, middle, delay)

    def _report(self, now):
        self.reported_at = now
        self.caller.video.rtcp.sendto(self._compound(now), self.rtcp_to)

    def _ask(self, now):
        self.asked_at = now
        self.asked += 1
        empty = struct.pack("!BBHI", 0x80, RECEIVER_REPORT, 1, self.ssrc)
        pli = struct.pack("!BBHII", 0x81, PAYLOAD_FEEDBACK, 2, self.ssrc, self.media_ssrc)
        self.caller.video.rtcp.sendto(empty + pli, self.rtcp_to)

    def leave(self):
        self.ended.set()
        self.thread.join()
        self.caller.hang_up()
        self.caller.close()
