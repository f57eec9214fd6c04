"""The built page in a Chromium of its own, driven by signaling/web/test/browser/drive.ts."""

import json
import subprocess
import threading
import uuid

import numpy

from .tessera import BUILD, ROOT

FOLDER = BUILD / "signaling/web/page"
WEB = ROOT / "signaling/web"
_compiled = threading.Lock()


def compile_driver():
    with _compiled:
        subprocess.run([WEB / "node_modules/.bin/tsc", "-p", "test"], cwd=WEB, check=True)


def make_camera(path, colour, seconds=4):
    """What a fake camera sends: an identity colour with something that moves. Motion JPEG, as Chromium reads it."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"color=c={colour}:size=640x360:rate=25:duration={seconds}",
         "-f", "lavfi", "-i", f"testsrc2=size=96x54:rate=25:duration={seconds}",
         "-filter_complex", "[0][1]overlay=x=272:y=20,format=yuvj420p", "-q:v", "3", "-f", "mjpeg", str(path)],
        check=True,
    )


class PageFailed(AssertionError):
    pass


class Page:
    """One person with a browser."""

    def __init__(self, folder, video=None, audio=None, phone=False):
        self.folder = folder / f"browser-{uuid.uuid4().hex[:8]}"
        self.folder.mkdir()
        settings = {"profile": str(self.folder / "profile"), "phone": phone}
        if video:
            settings["video"] = str(video)
        if audio:
            settings["audio"] = str(audio)
        self.log = open(self.folder / "driver.log", "wb")
        self.popen = subprocess.Popen(
            ["timeout", "-k", "5", "600", "node", WEB / "out/test/browser/drive.js", json.dumps(settings)], cwd=WEB,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "TMPDIR": str(self.folder)},
        )

    def do(self, what, **arguments):
        self.popen.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self.popen.stdin.flush()
        line = self.popen.stdout.readline()
        if not line:
            raise PageFailed(f"the driver ended: {(self.folder / 'driver.log').read_text()[-2000:]}")
        answer = json.loads(line)
        if "error" in answer:
            self.shot("failed")
            raise PageFailed(f"{what} {arguments}: {answer['error']}")
        return answer["value"]

    def shot(self, name):
        path = self.folder / f"{name}.png"
        self.popen.stdin.write(json.dumps({"do": "shot", "path": str(path)}) + "\n")
        self.popen.stdin.flush()
        self.popen.stdout.readline()
        return path

    def join(self, url, name):
        """Milliseconds from the click to the first picture."""
        self.do("open", url=url)
        return self.do("join", name=name)

    def picture(self):
        """What it sees, as rows of red, green and blue; None: nothing yet."""
        seen = self.do("picture")
        if seen is None:
            return None
        return numpy.array(seen["pixels"], dtype=int).reshape(seen["height"], seen["width"], 4)[:, :, :3]

    def share_of(self, colour, tolerance=45):
        """How much of the picture has this colour, "0x2050c0"."""
        picture = self.picture()
        if picture is None:
            return 0.0
        wanted = numpy.array([int(colour[i:i + 2], 16) for i in (2, 4, 6)])
        return float((abs(picture - wanted).max(axis=2) < tolerance).mean())

    def listen(self, seconds):
        heard = self.do("listen", seconds=seconds)
        return heard["rate"], numpy.array(heard["samples"], dtype=float) / 32768

    def close(self):
        if self.popen.poll() is None:
            self.popen.stdin.close()
            try:
                self.popen.wait(15)
            except subprocess.TimeoutExpired:
                self.popen.terminate()
                self.popen.wait(10)
        self.log.close()
