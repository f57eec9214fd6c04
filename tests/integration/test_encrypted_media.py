"""Callers with SRTP: keys by DTLS on the media ports, keys by SDES over TLS, and who is refused."""

import time

import pytest

from support import picture, sound

ANNA = {"hertz": 440, "colour": "0x2050c0"}
BORIS = {"hertz": 700, "colour": "0x20a040"}

REQUIRED = """
[[signald.listener]]
transport = "udp"
address = "127.0.0.1"
port = {port}
media_encryption = "required"
"""


def listen(seconds):
    """Real time in which real peers talk: the length of the recording, not a wait for something."""
    time.sleep(seconds)


def encryption_of(tessera, name):
    return next(p["encryption"] for p in tessera.participants() if p["name"] == name)


@pytest.mark.parametrize(
    "how, transport, mediaenc",
    [("dtls", "udp", "dtls_srtp"), ("dtls", "tls", "dtls_srtp"), ("sdes", "tls", "srtp-mand"), ("sdes", "tls", "srtp")],
)
def test_an_encrypted_caller_and_a_plain_one_see_and_hear_each_other(tessera, make_baresip, how, transport, mediaenc):
    anna = make_baresip("Anna", transport=transport, mediaenc=mediaenc, **ANNA)
    boris = make_baresip("Boris", **BORIS)
    anna.dial(tessera.uri(transport=transport))
    boris.dial(tessera.uri())
    listen(8)

    assert encryption_of(tessera, "Anna") == how
    assert encryption_of(tessera, "Boris") == "none"
    pictures = {caller: caller.snapshot() for caller in (anna, boris)}
    for caller in (anna, boris):
        caller.hang_up()

    for caller, other in ((anna, BORIS), (boris, ANNA)):
        assert picture.share_of_colour(pictures[caller], other["colour"]) > 0.03, f"{caller.name} does not see the other"
        rate, samples = sound.read_mono(caller.heard()[-1])
        piece = samples[-int(4 * rate):-int(1 * rate)]
        assert sound.snr_db(piece, rate, [other["hertz"]]) >= 20, f"{caller.name} hears noise"
    keys = {"dtls": "SRTP, keys by DTLS, ", "sdes": "SRTP, keys by SDES, "}[how]
    assert tessera.mcud.log().count(keys) == 2, tessera.mcud.log()[-2000:]


def test_keys_are_in_no_log(tessera, make_baresip):
    anna = make_baresip("Anna", transport="tls", mediaenc="srtp-mand", **ANNA)
    anna.dial(tessera.uri(transport="tls"))
    anna.hang_up()
    anna.stop()

    keys = [line.split("inline:")[1].strip() for line in anna.trace().splitlines() if "inline:" in line]
    assert len(keys) >= 4, "both sides' keys of two media, as the caller wrote them down"
    for log in (tessera.signald.log(), tessera.mcud.log()):
        assert "inline:" not in log
        for key in keys:
            assert key[:20] not in log


def test_keys_in_the_open_are_not_taken(tessera, make_baresip):
    anna = make_baresip("Anna", transport="udp", mediaenc="srtp-mand", **ANNA)

    with pytest.raises(AssertionError, match="488"):
        anna.dial(tessera.uri())

    anna.stop()
    assert 'Warning: 304 tessera "keys in a=crypto are taken over TLS signalling only"' in anna.trace()


def test_where_encryption_is_required_a_plain_caller_is_refused_in_words(make_tessera, make_baresip):
    from support.ports import free_port

    port = free_port()
    tessera = make_tessera(signald=REQUIRED.format(port=port))
    plain = make_baresip("Boris", **BORIS)
    with pytest.raises(AssertionError, match="488"):
        plain.dial(f"sip:demo@127.0.0.1:{port}")
    plain.stop()
    assert "media must be encrypted here" in plain.trace()

    anna = make_baresip("Anna", mediaenc="dtls_srtp", **ANNA)
    anna.dial(f"sip:demo@127.0.0.1:{port}")
    assert encryption_of(tessera, "Anna") == "dtls"
    anna.hang_up()
