"""Encrypted callers over a link that loses, delays and reorders: sound and pictures hold, and are whole again soon.

CI runs the middle of the road. `tools/bench/run.sh network` runs all losses for a minute each and prints the figures.
"""

import json

import pytest

from support import picture, sound
from support.bad_link import FIGURES, FREEZES_A_MINUTE, LOSSES, figures_of, has_pictures, listen
from support.legacy_viewer import LegacyViewer
from support.relay import BadNetwork, Relay
from support.wait import until

# Opus carries its repair in its speech modes and for what sounds like a voice: as a phone sends, not a music player.
SPEECH = "opus_application voip\nopus_bitrate 28000\nopus_stereo no\nopus_sprop_stereo no\nopus_inbandfec yes\nopus_packet_loss 10"
ANNA = {"hertz": 150, "colour": "0x2050c0", "transport": "tls", "mediaenc": "srtp-mand", "opus": SPEECH, "speech": True}
BORIS = {"hertz": 205, "colour": "0x20a040", "transport": "udp", "mediaenc": "dtls_srtp", "opus": SPEECH, "speech": True}
CLARA = {"hertz": 1100, "colour": "0xc03030"}

SECONDS = 60 if FIGURES else 20
CLIP = SECONDS + 20
# A caller that cannot repeat a packet is dimmed while its picture is broken: each must be seen whole within this time.
WHOLE_S = 6
# The peer's report comes every 5 s; then the picture gets smaller, and a second later each packet goes out twice.
ADAPTS_S = 15
# A receiver that counts what comes twice (plain RTP), and one that drops it before it counts (SRTP).
COPIES = [True, False] if FIGURES else [True]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_meeting_holds_over_a_bad_link(make_tessera, make_baresip, loss):
    tessera = make_tessera(behind=BadNetwork.BEHIND)
    with BadNetwork(tessera, seed=7) as network:
        anna, boris = make_baresip("Anna", clip_seconds=CLIP, **ANNA), make_baresip("Boris", clip_seconds=CLIP, **BORIS)
        clara = make_baresip("Clara", clip_seconds=CLIP, **CLARA)
        network.link.both(delay_ms=35, jitter_ms=30)
        anna.dial(network.uri(tessera, "tls"))
        boris.dial(network.uri(tessera, "udp"))
        clara.dial(tessera.uri())
        until(lambda: has_pictures(tessera, "Anna") and has_pictures(tessera, "Boris"), 15,
              "pictures of those behind the link")
        before = {name: figures_of(tessera, name) for name in ("Anna", "Boris", "Clara")}
        network.link.both(loss=loss)
        listen(SECONDS)
        after = {name: figures_of(tessera, name) for name in ("Anna", "Boris", "Clara")}
        counts = network.link.counts()
        for viewer, others in ((clara, (ANNA, BORIS)), (anna, (BORIS,)), (boris, (ANNA,))):
            for other in others:
                until(lambda: picture.share_of_colour(viewer.snapshot(), other["colour"]) > 0.03, WHOLE_S,
                      f"{other['colour']} as seen by {viewer.name}")
        network.link.both(loss=0)
        for caller in (anna, boris, clara):
            caller.hang_up()

    if FIGURES:
        asked = {name: after[name]["starts_asked"] - before[name]["starts_asked"] for name in after}
        print(json.dumps({"loss": loss, "seconds": SECONDS, "callers": list(after.values()), "starts_asked": asked,
                          "link": counts}))
    assert counts["up"]["lost"] > 0.5 * loss * counts["up"]["sent"], counts
    for name in ("Anna", "Boris"):
        assert after[name]["packets_lost"] > before[name]["packets_lost"], "the link lost nothing"
        if loss <= 0.05:
            freezes = after[name]["freezes"] - before[name]["freezes"]
            assert freezes <= max(1, FREEZES_A_MINUTE * SECONDS / 60), after[name]
            assert after[name]["concealed_percent"] <= 1, after[name]
    rate, samples = sound.read_mono(clara.heard()[-1])
    piece = samples[-int(8 * rate):-int(2 * rate)]
    voices = [caller["hertz"] * harmonic for caller in (ANNA, BORIS) for harmonic in range(1, 13)]
    for caller in (ANNA, BORIS):
        assert sound.tone_level_dbfs(piece, rate, caller["hertz"]) > -45, "Clara hears one less"
    assert sound.snr_db(piece, rate, voices) >= 12, "Clara hears noise"


class Door:
    """Where callers by hand reach a server that is behind the bad network."""

    def __init__(self, tessera):
        self.address, self.port = Relay.ADDRESS, tessera.sip_port


@pytest.mark.parametrize("counts_copies", COPIES)
@pytest.mark.parametrize("loss", LOSSES)
def test_a_viewer_that_cannot_ask_again_sees_whole_pictures(make_tessera, make_baresip, loss, counts_copies):
    tessera = make_tessera(behind=BadNetwork.BEHIND)
    with BadNetwork(tessera, seed=11) as network:
        network.link.both(delay_ms=35, jitter_ms=30)
        clara = make_baresip("Clara", clip_seconds=CLIP + 20, **CLARA).dial(tessera.uri())
        viewer = LegacyViewer(Door(tessera), "Viewer", counts_copies)
        until(lambda: viewer.whole, 15, "a whole picture")
        network.link.both(loss=loss)
        listen(ADAPTS_S)
        adapting = viewer.figures()
        viewer.forget()
        listen(SECONDS)
        seen = viewer.figures()
        rung = next(p["rung"] for p in tessera.participants() if p["name"] == "Viewer")
        network.link.both(loss=0)
        viewer.leave()
        clara.hang_up()

    if FIGURES:
        print(json.dumps({"loss": loss, "counts_copies": counts_copies, "rung": rung, "first": adapting, "then": seen}))
    assert seen["pictures"] > 20 * SECONDS, seen
    if loss <= 0.05:
        assert seen["longest_repair_s"] <= 1 and seen["whole_percent"] >= 90, seen
        assert seen["freezes"] <= max(1, FREEZES_A_MINUTE * SECONDS / 60), seen
    assert seen["kbps"] <= max(adapting["kbps"], 1000), "a path that loses is sent more"
