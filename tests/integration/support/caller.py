"""A caller made by hand: SIP from bare sockets, G.711 and ears for it."""

import re

from sip_peer import Peer, sdp

from .rtp import PCMA, PCMU, RtpLeg

VIDEO_FORMAT = ["a=rtpmap:97 H264/90000", "a=fmtp:97 profile-level-id=42e01f;packetization-mode=1"]
CODECS = {PCMU: "PCMU", PCMA: "PCMA"}


def media_of(body):
    """(kind, address, port) of every m-line."""
    session = re.search(r"^c=IN IP[46] (\S+)", body.split("\nm=")[0], re.M)
    found = []
    for part in re.split(r"^(?=m=)", body, flags=re.M)[1:]:
        kind, port = re.match(r"m=(\w+) (\d+)", part).groups()
        own = re.search(r"^c=IN IP[46] (\S+)", part, re.M) or session
        found.append((kind, own.group(1), int(port)))
    return found


class Caller:
    def __init__(self, server, tone=440, transport="udp", video=False, address=None):
        """`address`: its own; as the server's unless given."""
        self.address = address or server.address
        self.peer = Peer(server, transport)
        self.audio = RtpLeg(self.address, tone)
        self.video = RtpLeg(self.address) if video else None
        self.video_format = VIDEO_FORMAT
        self.version = 0
        self.said = None

    def sdp(self, *attributes, leg=None):
        leg = leg or self.audio
        self.version += 1
        kind = leg.payload_type
        lines = [f"m=audio {leg.port} RTP/AVP {kind} 101", f"a=rtpmap:{kind} {CODECS[kind]}/8000",
                 "a=rtpmap:101 telephone-event/8000", *attributes]
        if self.video:
            lines += [f"m=video {self.video.port} RTP/AVP 97", *self.video_format]
        return sdp(*lines, version=self.version, address=self.address)

    def follow(self, body):
        """Sends where the server's SDP says."""
        self.said = body
        for kind, address, port in media_of(body):
            leg = self.audio if kind == "audio" else self.video
            if leg and port:
                leg.send_to(address, port)

    def dial(self, room="demo", **options):
        answer = self.peer.invite(room, self.sdp(), **options)
        assert answer.status == 200, (answer.first, answer.headers)
        self.peer.ack()
        self.follow(answer.body)
        return self

    def change(self, *attributes, leg=None):
        """A re-INVITE; returns what the server says to it."""
        answer = self.peer.invite("demo", self.sdp(*attributes, leg=leg))
        assert answer.status == 200, (answer.first, answer.headers)
        self.peer.ack()
        if leg:
            self.audio.hush()
            self.audio = leg
        self.follow(answer.body)
        return answer.body

    def hang_up(self):
        assert self.peer.bye().status == 200

    def close(self):
        self.peer.close()
        self.audio.close()
        if self.video:
            self.video.close()
