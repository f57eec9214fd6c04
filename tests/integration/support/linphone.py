"""linphonec, spoken to by its standard input: a SIP stack (belle-sip) and a media engine that nobody here wrote."""

import re
import subprocess

from .ports import free_block, free_port
from .process import Process
from .wait import until

CONFIG = """
[sip]
sip_port={sip}
sip_tcp_port={sip}
{more}bind_address=127.0.0.1
use_ipv6=0
guess_hostname=0
contact="{name}" <sip:{user}@127.0.0.1:{sip}>

[rtp]
bind_address=127.0.0.1
audio_rtp_port={rtp}

[sound]
echocancellation=0
"""

# The server's certificate is its own word: nobody signed it.
PLAIN = "sip_tls_port=0\n"
SECURE = """sip_tls_port=-1
verify_server_certs=0
verify_server_cn=0
media_encryption=srtp
"""


class Linphone(Process):
    """One caller with sound alone, which it plays from a WAV file and records into another, complete after `hang_up`."""

    def __init__(self, folder, name, wav, secure=False):
        """`secure`: TLS, and SRTP with SDES keys."""
        self.name_shown, self.home = name, folder / "linphone"
        self.home.mkdir()
        # It keeps a database of its calls there, and does not make the folder itself.
        (self.home / ".local/share/linphone").mkdir(parents=True)
        self.settings = self.home / "linphonerc"
        self.settings.write_text(
            CONFIG.format(sip=free_port(also=1), rtp=free_block(2), name=name, user=name.split()[0].lower(),
                          more=SECURE if secure else PLAIN))
        super().__init__("linphonec", ["linphonec", "-c", self.settings], self.home,
                         env={"HOME": str(self.home), "PULSE_SERVER": "/nonexistent"})
        self.wav, self.recording = wav, self.home / "heard.wav"

    def start(self):
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen(self.argv, cwd=self.folder, env=self.env, stdin=subprocess.PIPE, stdout=log,
                                          stderr=log)
        self.say("soundcard use files", f"play {self.wav}", f"record {self.recording}")
        return self

    def say(self, *commands):
        self.popen.stdin.write("".join(command + "\n" for command in commands).encode())
        self.popen.stdin.flush()

    def dial(self, uri, seconds=10):
        self.say(f"call {uri} --audio-only")
        until(lambda: "Media streams established" in self.log(), seconds, lambda: f"linphonec is in a call:\n{self.log()[-3000:]}")
        return self

    def hang_up(self):
        self.say("terminate")
        until(lambda: re.search(r"Call 1 with .* ended", self.log()), 10, lambda: f"linphonec hung up:\n{self.log()[-3000:]}")

    def quit(self, seconds=10):
        """Its exit code."""
        self.say("quit")
        return self.popen.wait(seconds)
