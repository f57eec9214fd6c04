"""signald is killed during a call; the next one answers the peer in the same dialog."""

import re
import socket

import pytest

from sip_peer import AUDIO, Peer, sdp
from support.wait import until


def described(message):
    """Session id and version of the description, and our media port."""
    session, version = re.search(r"^o=\S+ (\d+) (\d+) ", message.body, re.M).groups()
    return session, int(version), int(re.search(r"^m=audio (\d+)", message.body, re.M).group(1))


class Restarted:
    """One caller who was in before signald was killed. Over TCP and TLS its connection ended with that process."""

    def __init__(self, tessera, transport="udp"):
        self.tessera = tessera
        self.peer = Peer(tessera, transport)
        self.offer = sdp(*AUDIO)
        self.first = self.peer.invite("demo", self.offer)
        assert self.first.status == 200
        self.peer.ack()
        until(tessera.participants, 5, "the caller is in")
        self.id = tessera.participants()[0]["id"]
        tessera.signald.kill()
        tessera.signald.start()
        tessera.wait_ready()
        until(lambda: [p["adopted"] for p in tessera.participants()] == [False], 5, "the dialog is restored")

    def wait_gone(self):
        until(lambda: not self.tessera.participants(), 5, "the caller is out")

    def connect_again(self):
        """As a peer does that has something to say in a dialog whose connection ended: RFC 3261 18.1.1."""
        self.peer.socket.close()
        fresh = Peer(self.tessera, self.peer.transport)
        self.peer.socket, self.peer.port, self.peer.buffer = fresh.socket, fresh.port, b""


@pytest.fixture
def restarted(tessera):
    it = Restarted(tessera)
    yield it
    it.peer.close()


@pytest.fixture(params=["tcp", "tls"])
def cut_off(tessera, request):
    it = Restarted(tessera, request.param)
    yield it
    it.peer.close()


def test_bye_after_kill_9_is_answered_and_ends_the_session(restarted):
    assert restarted.peer.bye().status == 200
    restarted.wait_gone()
    assert restarted.peer.bye().status == 481


def test_options_and_info_in_a_restored_dialog_are_answered(restarted):
    restarted.peer.request("OPTIONS")
    answer = restarted.peer.final()
    assert answer.status == 200 and "UPDATE" in answer.get("Allow")

    restarted.peer.request("INFO", body="Signal=5\r\nDuration=100\r\n", kind="application/dtmf-relay")
    assert restarted.peer.final().status == 200
    assert restarted.tessera.participants()[0]["id"] == restarted.id


def test_a_restored_dialog_is_put_on_hold_and_resumed_in_the_same_session(restarted):
    session, version, port = described(restarted.first)
    peer = restarted.peer

    held = peer.invite("demo", sdp(*AUDIO, "a=sendonly", version=2))
    peer.ack()
    assert held.status == 200
    assert described(held) == (session, version + 1, port)
    assert "a=recvonly" in held.body
    assert f"tag={peer.tag}" in held.get("From")

    back = peer.invite("demo", sdp(*AUDIO, version=3))
    peer.ack()
    assert described(back) == (session, version + 2, port)
    assert "a=recvonly" not in back.body
    assert peer.bye().status == 200
    restarted.wait_gone()


def test_update_in_a_restored_dialog_is_answered_with_and_without_a_description(restarted):
    session, version, port = described(restarted.first)
    restarted.peer.request("UPDATE")
    refreshed = restarted.peer.final()
    assert refreshed.status == 200 and refreshed.get("Session-Expires")

    restarted.peer.request("UPDATE", body=sdp(*AUDIO, "a=sendonly", version=2))
    held = restarted.peer.final()
    assert held.status == 200
    assert described(held) == (session, version + 1, port)


def test_a_kick_says_bye_to_a_caller_of_before_the_restart(restarted):
    restarted.tessera.api(f"/v1/rooms/demo/participants/{restarted.id}/kick", "POST", {})
    bye = restarted.peer.incoming("BYE")
    restarted.peer.respond(bye)

    assert restarted.peer.call_id == bye.get("Call-ID")
    assert f"tag={restarted.peer.tag}" in bye.get("To")
    assert f"tag={restarted.peer.to_tag}" in bye.get("From")
    assert "removed by a moderator" in bye.get("Reason")
    restarted.wait_gone()


def test_a_dialog_outlives_two_restarts_and_what_changed_in_between(restarted):
    peer, tessera = restarted.peer, restarted.tessera
    _, version, _ = described(restarted.first)
    peer.invite("demo", sdp(*AUDIO, "a=sendonly", version=2))
    peer.ack()
    tessera.signald.kill()
    tessera.signald.start()
    tessera.wait_ready()
    until(lambda: [p["adopted"] for p in tessera.participants()] == [False], 5, "the dialog is restored again")

    back = peer.invite("demo", sdp(*AUDIO, version=3))
    peer.ack()

    assert described(back)[1] == version + 2
    assert peer.bye().status == 200


def test_a_restored_caller_is_offered_new_ports_when_the_media_daemon_dies_later(restarted):
    peer, tessera = restarted.peer, restarted.tessera
    session, version, port = described(restarted.first)

    tessera.mcud.kill()
    tessera.mcud.start()
    offer = peer.incoming("INVITE")
    peer.respond(offer, body=sdp(*AUDIO))
    ack = peer.incoming("ACK")

    assert described(offer)[:2] == (session, version + 1)
    assert described(offer)[2] != port
    assert f"tag={peer.to_tag}" in offer.get("From")
    assert ack.get("CSeq").split()[0] == offer.get("CSeq").split()[0]
    assert peer.bye().status == 200


def test_a_daemon_that_is_told_to_go_says_bye_to_callers_of_before_the_restart(restarted):
    restarted.tessera.signald.popen.terminate()
    bye = restarted.peer.incoming("BYE")
    restarted.peer.respond(bye)

    assert restarted.tessera.signald.popen.wait(10) == 0
    assert "server shuts down" in bye.get("Reason")


def test_a_dialog_whose_media_is_gone_gets_bye_and_leaves_the_journal(tessera):
    peer = Peer(tessera)
    peer.invite("demo", sdp(*AUDIO))
    peer.ack()
    until(tessera.participants, 5, "the caller is in")
    tessera.signald.kill()
    tessera.mcud.kill()
    tessera.mcud.start()
    tessera.signald.start()

    bye = peer.incoming("BYE")
    peer.respond(bye)
    journal = tessera.folder / "dialogs.journal"
    until(lambda: '"gone"' in journal.read_text(), 5, "it is forgotten")
    assert journal.stat().st_mode & 0o777 == 0o600
    peer.close()


def test_strangers_with_a_tag_of_their_own_are_told_481(restarted):
    stranger = Peer(restarted.tessera)
    stranger.to_tag = "guessed"
    for method in ("BYE", "OPTIONS", "UPDATE"):
        stranger.request(method, "demo")
        assert stranger.final().status == 481, method
    stranger.close()


def test_requests_of_a_restored_call_need_no_place_among_strangers(make_tessera):
    tessera = make_tessera(limits="requests_per_second = 100000\nrequest_burst = 100000\nmax_unadmitted_calls = 1\n")
    restarted = Restarted(tessera)
    for _ in range(20):  # ten are remembered, the others are not looked at
        stranger = Peer(tessera)
        stranger.request("OPTIONS", "demo")
        stranger.close()
    unheard = Peer(tessera)
    unheard.request("OPTIONS", "demo")

    assert restarted.peer.bye().status == 200
    restarted.wait_gone()
    assert unheard.receive() is None, "a stranger had a place: the test shows nothing"
    for peer in (unheard, restarted.peer):
        peer.close()


def test_over_a_new_connection_a_restored_dialog_goes_on_and_ends(cut_off):
    session, version, port = described(cut_off.first)
    cut_off.connect_again()
    peer = cut_off.peer

    held = peer.invite("demo", sdp(*AUDIO, "a=sendonly", version=2))
    peer.ack()
    assert held.status == 200
    assert described(held) == (session, version + 1, port)
    assert peer.bye().status == 200
    cut_off.wait_gone()


def test_a_kick_reaches_a_peer_over_the_connection_that_it_made_since(cut_off):
    cut_off.connect_again()
    peer = cut_off.peer
    peer.request("UPDATE")
    assert peer.final().status == 200

    cut_off.tessera.api(f"/v1/rooms/demo/participants/{cut_off.id}/kick", "POST", {})
    bye = peer.incoming("BYE")
    peer.respond(bye)

    assert "removed by a moderator" in bye.get("Reason")
    cut_off.wait_gone()


def test_a_kick_opens_a_connection_to_where_a_tcp_peer_said_it_is(tessera):
    cut_off = Restarted(tessera, "tcp")
    peer = cut_off.peer
    with socket.socket() as door:
        peer.socket.close()
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", peer.port))
        door.listen()
        door.settimeout(5)
        tessera.api(f"/v1/rooms/demo/participants/{cut_off.id}/kick", "POST", {})
        peer.socket, _ = door.accept()
    peer.socket.settimeout(0.1)

    bye = peer.incoming("BYE")
    peer.respond(bye)

    assert f"tag={peer.tag}" in bye.get("To")
    cut_off.wait_gone()
    peer.close()
