"""A WebRTC peer that is not ours: GStreamer's webrtcbin (libnice, OpenSSL, libsrtp), by WHIP or WHEP.

usage: web_peer.py whip|whep URL FOLDER COLOUR HERTZ [H264|VP8] [LOSS]
LOSS: of so many RTP packets one is lost on the way (0: none); NACK and RTX are offered then.
whip sends a picture of one colour (0xAARRGGBB) and a tone. whep keeps in FOLDER the newest picture it sees
(picture.png), what it hears (sound.raw) and a hash of the
payloads of each whole picture that came (pictures.txt). Both write state.json whenever something changes, and leave at SIGTERM.
"""

import hashlib
import http.client
import json
import os
import pathlib
import signal
import ssl
import struct
import sys
import urllib.parse

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

SEND = (
    "webrtcbin name=peer bundle-policy=max-bundle "
    "videotestsrc is-live=true pattern=solid-color foreground-color={colour} "
    "! video/x-raw,width=640,height=360,framerate=30/1 ! {video} ! peer. "
    "audiotestsrc is-live=true wave=sine freq={hertz} volume=0.3 ! audio/x-raw,rate=48000,channels=1 ! opusenc "
    "! rtpopuspay pt=111 ! application/x-rtp,media=audio,encoding-name=OPUS,payload=111,"
    "encoding-params=(string)2 ! peer."
)
ENCODED = {
    "H264": "x264enc tune=zerolatency speed-preset=ultrafast bitrate=800 "
    "key-int-max=60 ! video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1 "
    "aggregate-mode=zero-latency pt=96 ! application/x-rtp,media=video,encoding-name=H264,payload=96",
    "VP8": "vp8enc deadline=1 cpu-used=8 target-bitrate=800000 keyframe-max-dist=60 ! rtpvp8pay picture-id-mode=15-bit "
           "pt=97 ! application/x-rtp,media=video,encoding-name=VP8,payload=97",
}
RECEIVED = {
    "H264": "rtph264depay ! h264parse ! avdec_h264 ! videoconvert ! video/x-raw,format=RGB ! identity name=count "
            "! pngenc ! multifilesink location={folder}/picture.png next-file=buffer",
    "VP8": "rtpvp8depay ! vp8dec ! videoconvert ! video/x-raw,format=RGB ! identity name=count "
           "! pngenc ! multifilesink location={folder}/picture.png next-file=buffer",
    "OPUS": "rtpopusdepay ! opusdec ! audioconvert ! audio/x-raw,format=S16LE,channels=1,rate=48000 ! identity name=count "
            "! filesink buffer-mode=unbuffered location={folder}/sound.raw",
}
OFFERED = {
    "H264": "application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000,packetization-mode=(string)1,"
            "profile-level-id=(string)42e01f,rtcp-fb-nack-pli=true",
    "VP8": "application/x-rtp,media=video,encoding-name=VP8,payload=97,clock-rate=90000,rtcp-fb-nack-pli=true",
    "OPUS": "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,"
            "encoding-params=(string)2",
}


def payload_of(packet):
    """What an RTP packet (RFC 3550 5.1) carries, without header, extension and padding."""
    flags = packet[0]
    start = 12 + 4 * (flags & 15)
    if flags & 0x10:
        start += 4 + 4 * struct.unpack_from(">H", packet, start + 2)[0]
    end = len(packet) - (packet[-1] if flags & 0x20 else 0)
    return packet[start:end]


class Hashes:
    """Of each picture of which every packet came, first to last: one line each."""

    def __init__(self, path):
        self.file = open(path, "w", buffering=1)
        self.parts, self.next = None, None

    def add(self, packet):
        sequence = struct.unpack_from(">H", packet, 2)[0]
        if sequence != self.next:
            self.parts = None
        self.next = (sequence + 1) % 65536
        if self.parts is not None:
            self.parts.append(payload_of(packet))
        if packet[1] & 0x80:  # the marker: the next packet begins a picture
            if self.parts is not None:
                self.file.write(hashlib.sha256(b"".join(self.parts)).hexdigest() + "\n")
            self.parts = []


class Peer:
    def __init__(self, kind, url, folder, colour, hertz, codec="H264", loss="0"):
        self.lose_each, self.passed = int(loss), 0
        self.url, self.folder = url, pathlib.Path(folder)
        self.state = {"ice": "new", "connection": "new", "frames": {}}
        if kind == "whip":
            self.pipeline = Gst.parse_launch(SEND.format(colour=colour, hertz=hertz, video=ENCODED[codec]))
            self.peer = self.pipeline.get_by_name("peer")
        else:
            self.pipeline = Gst.Pipeline.new("watch")
            self.peer = Gst.ElementFactory.make("webrtcbin", "peer")
            self.peer.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
            self.pipeline.add(self.peer)
            for caps in (OFFERED[codec], OFFERED["OPUS"]):
                if self.lose_each and "video" in caps:
                    caps += ",rtcp-fb-nack=true"
                self.peer.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY,
                               Gst.Caps.from_string(caps))
        self.peer.connect("notify::ice-connection-state", self.on_state, "ice")
        self.peer.connect("notify::connection-state", self.on_state, "connection")
        self.peer.connect("notify::ice-gathering-state", self.on_gathered)
        self.peer.connect("pad-added", self.on_pad)
        # Loopback alone: nothing leaves this machine. Kept: who drops it ends it, as the bindings count.
        self.ice = self.peer.get_property("ice-agent")
        self.ice.emit("add-local-ip-address", "127.0.0.1")
        self.asked = False
        if self.lose_each:
            # Of what comes: webrtcbin reads datagrams by "nicesrc" and writes them by "nicesink" elements.
            end = "nicesrc" if kind == "whep" else "nicesink"
            self.peer.connect("deep-element-added", self.on_element, end, "src" if kind == "whep" else "sink")
        if kind == "whip":
            for transceiver in range(2):
                self.peer.emit("get-transceiver", transceiver).set_property(
                    "direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY)
            self.peer.connect("on-negotiation-needed", lambda _: self.offer())
        if self.lose_each:
            for number in range(2):
                self.peer.emit("get-transceiver", number).set_property("do-nack", True)
        self.pipeline.set_state(Gst.State.PLAYING)
        if kind == "whep":
            self.offer()

    def on_element(self, _bin, _parent, element, end, pad):
        if element.get_factory() is not None and element.get_factory().get_name() == end:
            element.get_static_pad(pad).add_probe(Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST, self.on_datagram)

    def on_datagram(self, _pad, info):
        buffer = info.get_buffer()
        if buffer is None:
            return Gst.PadProbeReturn.OK
        first, second = buffer.extract_dup(0, 2)
        if not 128 <= first < 192 or 192 <= second < 224 or second & 127 == 111:  # RFC 7983, RFC 5761 4; sound
            return Gst.PadProbeReturn.OK
        self.passed += 1
        return Gst.PadProbeReturn.DROP if self.passed % self.lose_each == 0 else Gst.PadProbeReturn.OK

    def tell(self, **changed):
        self.state.update(changed)
        new = self.folder / "state.json.new"
        new.write_text(json.dumps(self.state))
        os.replace(new, self.folder / "state.json")

    def on_state(self, peer, spec, name):
        self.tell(**{name: peer.get_property(spec.name).value_nick})

    def offer(self):
        promise = Gst.Promise.new_with_change_func(self.on_offer)
        self.peer.emit("create-offer", None, promise)

    def on_offer(self, promise):
        reply = promise.get_reply()  # the description lives as long as this
        self.peer.emit("set-local-description", reply.get_value("offer"), None)

    def on_gathered(self, peer, _spec):
        done = peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE
        if done and not self.asked:
            self.asked = True
            GLib.idle_add(self.ask)

    def ask(self):
        offer = self.peer.get_property("local-description").sdp.as_text()
        (self.folder / "offer.sdp").write_text(offer)
        parts = urllib.parse.urlsplit(self.url)
        client = http.client.HTTPSConnection(parts.netloc, timeout=10, context=ssl._create_unverified_context())
        client.request("POST", f"{parts.path}?{parts.query}", body=offer, headers={"Content-Type": "application/sdp"})
        reply = client.getresponse()
        answer = reply.read().decode()
        (self.folder / "answer.sdp").write_text(answer)
        self.tell(status=reply.status, location=reply.headers.get("Location", ""))
        client.close()
        if reply.status != 201:
            return
        _, message = GstSdp.SDPMessage.new_from_text(answer)
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.peer.emit("set-remote-description", description, Gst.Promise.new_with_change_func(self.on_answer))

    def on_answer(self, promise):
        reply = promise.get_reply()
        if reply is not None and reply.has_field("error"):
            self.tell(refused=reply.get_value("error").message)

    def on_pad(self, _peer, pad):
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        codec = pad.get_current_caps().get_structure(0).get_string("encoding-name")
        bin_ = Gst.parse_bin_from_description(RECEIVED[codec].format(folder=self.folder), True)
        bin_.get_by_name("count").connect("handoff", self.on_frame, codec)
        if codec != "OPUS":
            hashes = Hashes(self.folder / "pictures.txt")
            pad.add_probe(Gst.PadProbeType.BUFFER, self.on_packet, hashes)
        self.pipeline.add(bin_)
        bin_.sync_state_with_parent()
        pad.link(bin_.get_static_pad("sink"))

    def on_packet(self, _pad, info, hashes):
        buffer = info.get_buffer()
        hashes.add(buffer.extract_dup(0, buffer.get_size()))
        return Gst.PadProbeReturn.OK

    def on_frame(self, _element, _buffer, codec):
        frames = self.state["frames"]
        frames[codec] = frames.get(codec, 0) + 1
        if frames[codec] % 10 == 1:
            self.tell()


def main():
    Gst.init(None)
    loop = GLib.MainLoop()
    peer = Peer(*sys.argv[1:8])
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGTERM, loop.quit)
    loop.run()
    peer.pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main()
