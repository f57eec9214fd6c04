"""A peer that asks for lost packets and sends again what it is asked for, over a link that loses, delays and reorders:
tessera-endpoint on GStreamer's RTP stack, SIP over TLS, SRTP, RTP/SAVPF. baresip knows no NACK.

CI runs the middle of the road. `tools/bench/run.sh network` runs all losses for a minute each and prints the figures.
"""

import json
import time

import pytest

from support import endpoint as endpoints
from support.bad_link import FIGURES, FREEZES_A_MINUTE, LOSSES, figures_of, has_pictures, listen, stream_of
from support.endpoint import PATIENCE, Endpoint, tile_of
from support.relay import BadNetwork
from support.wait import until

# Both are behind the link; a third on a clean wire sees and hears what came of them.
SUITES = {1: "AES_CM_128_HMAC_SHA1_80", 2: "AEAD_AES_256_GCM"}
VIEWER = 3
SPEAKING = [*endpoints.PICTURE, "--seconds", "0", "--sound", "speech", "--opus-fec", "--skip", "0", "--psnr-every", "0"]
# 400 ms are three tries. They announce an address that is not theirs: before it knows their way through the relay, the
# server would send past it.
ASKING = ["--tls", "--avpf", "--nack", "--playout-ms", "400", "--announce", "127.0.0.9"]
ASKING_SECONDS = 60 if FIGURES else 40
PACKETS_A_SECOND = 50


def name_of(identity):
    return f"Endpoint {identity}"


def between(report, spans, begin, end):
    """Of freezes or damages those that began then, on the common clock: how long each was."""
    return [span["seconds"] for span in spans if begin <= endpoints.at(report, span["begin_s"]) <= end]


def concealed_percent(report, begin, end):
    concealed = [at for at in report["audio"]["concealed_s"] if begin <= endpoints.at(report, at) <= end]
    return round(100 * len(concealed) / (PACKETS_A_SECOND * (end - begin)), 2)


def received_figures(reports, identity, begin, informed, end):
    """What came down the bad link: the clean viewer's tile stands still only where the link made it."""
    report = reports[identity]
    return {
        "freezes": between(report, tile_of(report, VIEWER)["freezes"], begin, end),
        "damages": between(report, report["video"]["damages"], begin, end),
        "repair": report["video"]["repair"],
        "concealed_percent": concealed_percent(report, begin, end),
        "concealed_percent_once_reported": concealed_percent(report, informed, end),
    }


def knows_of_loss(tessera):
    return all(stream_of(tessera, name_of(identity), "opus")["remote_loss_percent"] >= 1.5 for identity in SUITES)


@pytest.mark.parametrize("loss", LOSSES)
def test_who_asks_for_lost_packets_gets_them_over_a_bad_link(make_tessera, folder, clips, loss):
    endpoints.prepare(clips, 1, 3)
    tessera = make_tessera(behind=BadNetwork.BEHIND)
    callers = []
    try:
        with BadNetwork(tessera, seed=7) as network:
            network.link.both(delay_ms=35, jitter_ms=30)
            for identity, suite in SUITES.items():
                options = [*SPEAKING, *ASKING, "--name", name_of(identity), "--srtp", suite,
                           "--png", folder / f"seen-{identity}.png"]
                callers.append(Endpoint(folder, clips, network.uri(tessera, "tls"), identity, 1, options).start())
            callers.append(Endpoint(folder, clips, tessera.uri(), VIEWER, 1, SPEAKING).start())
            until(lambda: len(tessera.participants()) == 3 and all(has_pictures(tessera, name_of(i)) for i in SUITES), 15,
                  "pictures of those behind the link")
            before = {identity: figures_of(tessera, name_of(identity)) for identity in SUITES}
            network.link.both(loss=loss)
            begin = informed = time.monotonic()
            if loss >= 0.05:
                until(lambda: knows_of_loss(tessera), 15, "the server knows how much its listeners lose")
                informed = time.monotonic()
            listen(max(0, begin + ASKING_SECONDS - time.monotonic()))
            end = time.monotonic()
            sent = {identity: figures_of(tessera, name_of(identity)) for identity in SUITES}
            counts = network.link.counts()
            reports = {}
            for caller in callers:
                caller.hang_up()
            for caller in callers:
                reports.update(caller.reports(PATIENCE))
    finally:
        for caller in callers:
            caller.stop()

    received = {identity: received_figures(reports, identity, begin, informed, end) for identity in SUITES}
    for identity in SUITES:
        sent[identity]["freezes_seen"] = between(reports[VIEWER], tile_of(reports[VIEWER], identity)["freezes"], begin, end)
    if FIGURES:
        print(json.dumps({"loss": loss, "seconds": ASKING_SECONDS, "sent": sent, "received": received, "link": counts}))
    assert counts["up"]["lost"] > 0.5 * loss * counts["up"]["sent"], counts
    for identity in SUITES:
        repair = received[identity]["repair"]
        assert repair["repaired"] > 0 and repair["sent_again"] > 0, repair
        assert sent[identity]["recovered"] > before[identity]["recovered"], "the server got nothing again"
        if loss > 0.05:
            continue
        freezes = max(1, FREEZES_A_MINUTE * ASKING_SECONDS / 60)
        assert len(received[identity]["freezes"]) <= freezes, received
        assert len(sent[identity]["freezes_seen"]) <= freezes, sent
        assert max(received[identity]["damages"], default=0) <= 1, received
        assert sent[identity]["longest_repair_ms"] <= max(1000, before[identity]["longest_repair_ms"]), sent
        assert received[identity]["concealed_percent_once_reported"] <= 1, received
        assert sent[identity]["concealed_percent"] <= 1, sent
