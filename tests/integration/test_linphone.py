"""linphonec, another SIP and media stack than baresip's, meets a baresip caller."""

import pytest

from support import sound
from support.ear import Ear
from support.linphone import Linphone
from support.wait import until


@pytest.fixture
def linphone(folder, media):
    caller = Linphone(folder, "Lina", media.tone(440, 60)).start()
    yield caller
    caller.stop()


def lina(tessera):
    return next((p for p in tessera.participants() if p["name"] == "Lina"), None)


def test_linphone_joins_with_sound_hears_and_is_heard(tessera, make_baresip, linphone):
    boris = make_baresip("Boris Klein", 700, "0x20a040", audio_codec="PCMA/8000/1").dial(tessera.uri())
    linphone.dial(tessera.uri())

    ear = Ear(boris)
    until(lambda: ear.first([440], ear.marks[0][0]), 15, "Boris hears Lina")
    ear.stop()

    about = until(lambda: (seen := lina(tessera)) and seen["streams"] and seen["streams"][0]["packets_sent"] > 200 and seen,
                  15, "4 s of sound for Lina")
    assert about["user_agent"].startswith("Linphone")
    assert about["streams"][0]["packets_received"] > 100
    assert about["streams"][0]["packets_lost"] == 0

    linphone.hang_up()
    until(lambda: lina(tessera) is None, 5, "Lina is gone")
    assert linphone.quit() == 0

    rate, samples = sound.read_mono(linphone.recording)
    piece = samples[-int(2 * rate):-int(rate / 2)]
    assert sound.tone_level_dbfs(piece, rate, 700) > -40, "Lina does not hear Boris"
    assert sound.snr_db(piece, rate, [700]) > 15, "Lina hears noise"
    assert sound.tone_level_dbfs(piece, rate, 440) < -60, "Lina hears herself"
