"""baresip, driven over its control port: a SIP endpoint that nobody here wrote."""

import json
import pathlib
import queue
import re
import socket
import subprocess
import threading

import numpy
import scipy.io.wavfile

from .ports import free_port
from .process import Process
from .wait import until

CONFIG = """
poll_method epoll
sip_listen 127.0.0.1:{sip}
net_interface 127.0.0.1
audio_source aufile,{wav}
audio_alert aufile,/dev/null
ausrc_srate 48000
auplay_srate 48000
ausrc_channels 2
auplay_channels 2
audio_channels 1-2
audio_level no
video_source avformat,{mp4}
video_display fakevideo,nil
video_size 640x360
video_fps 25
video_bitrate {video_kbps}000
video_fullscreen no
rtp_ports {rtp}-{rtp_last}
rtp_timeout 0
jitter_buffer_delay 5-10
rtcp_mux no
snd_path {folder}
module_path /usr/lib/baresip/modules
module stdio.so
module opus.so
module g722.so
module g711.so
module avcodec.so
module swscale.so
module aufile.so
module sndfile.so
module avformat.so
module fakevideo.so
module snapshot.so
module rtcpsummary.so
module srtp.so
module dtls_srtp.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{ctrl}
{opus}
avcodec_h264enc libx264
avcodec_h264dec h264
"""


def make_wav(path, hertz, seconds=60):
    """A tone at -20 dBFS, 48 kHz stereo, as baresip's aufile wants it."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"sine=frequency={hertz}:sample_rate=48000:duration={seconds}",
         "-af", "volume=0.8", "-ac", "2", "-c:a", "pcm_s16le", str(path)],
        check=True,
    )


def make_speech(path, hertz, seconds=60):
    """What a codec takes for a voice of that pitch: twelve harmonics, three syllables a second. 48 kHz stereo."""
    time = numpy.arange(48000 * seconds) / 48000
    voice = sum(numpy.sin(2 * numpy.pi * hertz * k * time) / k for k in range(1, 13))
    syllables = numpy.clip(numpy.sin(2 * numpy.pi * 3 * time) + 0.3, 0, None)
    samples = (voice * syllables * 0.12 * 32767).astype(numpy.int16)
    scipy.io.wavfile.write(path, 48000, numpy.stack([samples, samples], axis=1))


def make_clip(path, colour, seconds=10):
    """Moving content on an identity colour, 640x360 at 25 fps."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"color=c={colour}:size=640x360:rate=25:duration={seconds}",
         "-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=25:duration={seconds}",
         "-filter_complex", "[0][1]overlay=x=240:y=40", "-c:v", "libx264", "-preset", "superfast", "-g", "25",
         "-pix_fmt", "yuv420p", str(path)],
        check=True,
    )


class Baresip:
    """One caller: name, tone, clip, codecs. Everything it writes is in its folder.

    `video_codec` h264 offers packetization-mode 0 alone, as legacy systems do; None offers all that it has, which is
    mode 1 too."""

    def __init__(self, folder, name, wav, clip, audio_codec="opus/48000/2", video_codec="h264", transport="udp",
                 video_kbps=500, mediaenc="", opus=""):
        self.folder = folder / name.replace(" ", "_")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.ctrl_port = free_port()
        sip = free_port(also=9)
        rtp = free_port(also=40)
        (self.folder / "config").write_text(
            CONFIG.format(sip=sip, rtp=rtp, rtp_last=rtp + 40, wav=wav, mp4=clip, ctrl=self.ctrl_port,
                          folder=self.folder, video_kbps=video_kbps, opus=opus)
        )
        user = name.split()[0].lower()
        (self.folder / "accounts").write_text(
            f'"{name}" <sip:{user}@127.0.0.1:{sip};transport={transport}>;regint=0;answermode=auto;'
            f"audio_codecs={audio_codec}" + (f";video_codecs={video_codec}" if video_codec else "")
            + (f";mediaenc={mediaenc}" if mediaenc else "") + "\n"
        )
        (self.folder / "contacts").write_text("")
        self.process = Process("baresip", ["baresip", "-f", self.folder, "-v", "-s"], self.folder)
        self.events = []
        self.replies = queue.Queue()
        self.socket = None

    def start(self):
        self.process.start()
        until(self._connect, 20, f"control port of baresip {self.name}:\n{self.process.log()[-2000:]}")
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def _connect(self):
        if not self.process.running():
            raise AssertionError(f"baresip {self.name} ended:\n{self.process.log()[-3000:]}")
        try:
            self.socket = socket.create_connection(("127.0.0.1", self.ctrl_port), timeout=1)
            self.socket.settimeout(None)
            return True
        except OSError:
            return False

    def _read(self):
        """Netstrings of JSON: `LENGTH:{...},`"""
        buffer = b""
        while True:
            try:
                data = self.socket.recv(65536)
            except OSError:
                return
            if not data:
                return
            buffer += data
            while b":" in buffer:
                length, rest = buffer.split(b":", 1)
                if len(rest) <= int(length):
                    break
                message = json.loads(rest[: int(length)])
                buffer = rest[int(length) + 1:]
                (self.replies.put if message.get("response") else self.events.append)(message)

    def command(self, command, params="", seconds=10):
        message = json.dumps({"command": command, "params": params}).encode()
        self.socket.sendall(b"%d:%s," % (len(message), message))
        return self.replies.get(timeout=seconds)

    def saw(self, kind):
        return [event for event in self.events if event.get("type") == kind]

    def dial(self, uri, seconds=10):
        self.command("dial", uri)
        until(lambda: self.saw("CALL_ESTABLISHED") or self._closed(), seconds,
              f"{self.name} is in a call:\n{self.process.log()[-2000:]}")
        return self

    def _closed(self):
        closed = self.saw("CALL_CLOSED")
        if closed:
            raise AssertionError(f"the call of {self.name} was refused: {closed[-1].get('param')}")
        return False

    def snapshot(self, seconds=10):
        """A PNG of the picture it receives now."""
        path = self.folder / f"seen-{len(list(self.folder.glob('seen-*.png')))}.png"
        self.command("snapshot_recv", str(path))
        # The file is written when the next picture comes; a PNG ends with IEND and its checksum.
        until(lambda: path.exists() and path.read_bytes()[-8:-4] == b"IEND", seconds, f"snapshot of {self.name}")
        return path

    def heard(self):
        """WAV files of what it heard, complete after hang-up."""
        return sorted(pathlib.Path(self.folder).glob("dump-*-dec.wav"))

    def trace(self):
        """Every SIP message and what it logged, without colours; complete after `stop`."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.process.log().replace("\r\n", "\n"))

    def hang_up(self):
        self.command("hangup")
        until(lambda: self.saw("CALL_CLOSED"), 10, f"{self.name} hung up")

    def stop(self):
        if self.process.running():
            try:
                self.command("quit")
                self.process.popen.wait(5)
            except (OSError, queue.Empty, subprocess.TimeoutExpired):
                self.process.stop()
        if self.socket:
            self.socket.close()
