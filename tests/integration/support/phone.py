"""A caller whose every packet the test decides: plain SIP, G.711 sound and H.264 by hand."""

import audioop
import re
import socket
import struct
import threading
import time

import numpy

from sip_peer import Peer, sdp

from . import sound
from .ports import free_block

PCMU, H264 = 0, 97
RATE = 8000
PACKET_SAMPLES = 160


def rtp(payload_type, sequence, timestamp, ssrc, payload, marker=False):
    """RFC 3550 5.1, without CSRCs and extensions."""
    return struct.pack("!BBHII", 0x80, payload_type | (0x80 if marker else 0), sequence & 0xFFFF, timestamp & 0xFFFFFFFF,
                       ssrc) + payload


class Phone:
    """Calls a room and sends a tone; keeps what it hears. Its video is what `send_picture` is given."""

    def __init__(self, tessera, hertz, room="demo"):
        self.hertz = hertz
        first = free_block(4)
        self.audio, self.video = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.audio.bind(("127.0.0.1", first))
        self.video.bind(("127.0.0.1", first + 2))
        self.peer = Peer(tessera)
        answer = self.peer.invite(room, sdp(
            f"m=audio {first} RTP/AVP {PCMU}", f"m=video {first + 2} RTP/AVP {H264}", f"a=rtpmap:{H264} H264/90000",
            f"a=fmtp:{H264} profile-level-id=42e01f;packetization-mode=1"), name=f'"Phone {hertz}" ')
        assert answer.status == 200, f"{answer.first}: {answer.get('Warning')}"
        self.peer.ack()
        self.audio_port, self.video_port = (int(port) for port in re.findall(r"^m=\w+ (\d+)", answer.body, re.M))
        self.heard, self.pictures, self.sequence, self.video_sequence, self.pictures_sent = b"", 0, 0, 0, 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._talk, daemon=True)
        self.thread.start()

    def tone_packet(self):
        """The next one of its stream; sending it is up to the caller."""
        at = (self.sequence * PACKET_SAMPLES + numpy.arange(PACKET_SAMPLES)) / RATE
        linear = (3000 * numpy.sin(2 * numpy.pi * self.hertz * at)).astype("<i2").tobytes()
        packet = rtp(PCMU, self.sequence, self.sequence * PACKET_SAMPLES, self.hertz, audioop.lin2ulaw(linear, 2))
        self.sequence += 1
        return packet

    def _talk(self):
        due = time.monotonic()
        while not self.ended.wait(max(0, due - time.monotonic())):
            due += PACKET_SAMPLES / RATE
            self.audio.sendto(self.tone_packet(), ("127.0.0.1", self.audio_port))
            self.heard += b"".join(packet[12:] for packet in self._received(self.audio) if packet[1] & 0x7F == PCMU)
            self.pictures += sum(packet[1] >> 7 for packet in self._received(self.video))

    @staticmethod
    def _received(own):
        while True:
            try:
                packet = own.recv(2048, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            if len(packet) > 12:
                yield packet

    def send_picture(self, nals):
        """One picture: a packet for each NAL unit."""
        for nal in nals:
            packet = rtp(H264, self.video_sequence, self.pictures_sent * 6000, 7, nal, marker=nal is nals[-1])
            self.video.sendto(packet, ("127.0.0.1", self.video_port))
            self.video_sequence += 1
        self.pictures_sent += 1

    def hears(self, hertz, seconds=0.5):
        """Whether the tone is in the newest piece of what came."""
        piece = self.heard[-int(RATE * seconds):]
        if len(piece) < RATE * seconds:
            return False
        samples = numpy.frombuffer(audioop.ulaw2lin(piece, 2), "<i2") / 32768
        return sound.tone_level_dbfs(samples, RATE, hertz) > -40 and sound.snr_db(samples, RATE, [hertz]) > 15

    def stop(self):
        self.ended.set()
        self.thread.join()
        self.peer.bye()
        for each in (self.audio, self.video, self.peer):
            each.close()
