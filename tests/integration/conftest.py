import os
import pathlib
import shutil
import tempfile

import pytest

from support import baresip as baresip_module
from support.baresip import Baresip
from support.meeting import Meeting
from support.tessera import Tessera


@pytest.fixture
def folder():
    """A scratch folder with a short path (Unix sockets), removed afterwards."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="tsr-"))
    yield path
    if not os.environ.get("TESSERA_KEEP"):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def make_tessera(folder):
    """Starts servers that are stopped, and checked to have stopped cleanly, at the end."""
    made = []

    def make(start=True, **settings):
        place = folder / f"server-{len(made)}"
        place.mkdir()
        server = Tessera(place, **settings)
        made.append(server)
        return server.start() if start else server

    yield make
    for server in made:
        codes = server.stop()
        assert codes == (0, 0), f"daemons ended with {codes}:\n{server.signald.log()[-3000:]}\n{server.mcud.log()[-3000:]}"


@pytest.fixture
def tessera(make_tessera):
    return make_tessera()


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """What endpoints send, painted once, and their table of who sent what when."""
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    """Tones and clips that baresip sends: hertz -> WAV, colour -> MP4, made once."""
    place = tmp_path_factory.mktemp("media")

    class Media:
        def tone(self, hertz, seconds):
            path = place / f"{hertz}-{seconds}.wav"
            if not path.exists():
                baresip_module.make_wav(path, hertz, seconds)
            return path

        def speech(self, hertz, seconds):
            path = place / f"{hertz}-{seconds}-speech.wav"
            if not path.exists():
                baresip_module.make_speech(path, hertz, seconds)
            return path

        def clip(self, colour, seconds):
            path = place / f"{colour}-{seconds}.mp4"
            if not path.exists():
                baresip_module.make_clip(path, colour, seconds)
            return path

    return Media()


@pytest.fixture
def make_baresip(folder, media):
    made = []

    def make(name, hertz, colour, clip_seconds=10, speech=False, **settings):
        """What it sends stands still after `clip_seconds`; its sound goes on for a minute at least."""
        sound = (media.speech if speech else media.tone)(hertz, max(60, clip_seconds))
        caller = Baresip(folder, name, sound, media.clip(colour, clip_seconds), **settings)
        made.append(caller)
        return caller.start()

    yield make
    for caller in made:
        caller.stop()


@pytest.fixture
def make_meeting(make_baresip):
    made = []

    def make(tessera, names, seconds=20):
        made.append(Meeting(tessera, make_baresip, names, seconds))
        return made[-1]

    yield make
    for meeting in made:
        for ear in meeting.ears.values():
            ear.stop()
