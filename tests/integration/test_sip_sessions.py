"""How a session lives: timers, reliable provisional answers, UPDATE, NAT, by sipp and by bare sockets.

Needs SIP_DOOR_HOST, as test_sip_door.py does."""

import hashlib
import re
import time

import pytest

from sip_peer import AUDIO, Host, Peer, sdp
from test_sip_door import PROGRAM, host, in_call, peer, sipp  # noqa: F401  (fixtures)


@pytest.fixture
def hasty():
    """A door whose sessions last four seconds."""
    running = Host(PROGRAM, session_s=4, min_se_s=1)
    yield running
    running.stop()


@pytest.mark.parametrize("transport", ["u1", "t1"])
@pytest.mark.parametrize("scenario", ["timers", "prack"])
def test_sipp_goes_through_a_session(host, scenario, transport, tmp_path):
    sipp(host, scenario, "-m", "20", "-r", "20", transport=transport, folder=tmp_path)
    host.wait_empty()


# ---- session timers


def test_a_caller_that_does_not_refresh_is_hung_up(hasty):
    peer = Peer(hasty)
    answer = peer.invite(body=sdp(*AUDIO), extra=["Supported: timer", "Session-Expires: 3;refresher=uac"])
    assert answer.get("Session-Expires") == "3;refresher=uac"
    peer.ack()
    bye = peer.incoming("BYE")
    peer.respond(bye)
    assert hasty.expect("left")["text"] == "the session was not refreshed in time"
    hasty.wait_empty()
    peer.close()


def test_a_caller_without_timers_is_refreshed_by_update(hasty):
    peer = Peer(hasty)
    answer = peer.invite(body=sdp(*AUDIO), extra=["Allow: INVITE, ACK, BYE, UPDATE"])
    assert (answer.get("Session-Expires"), answer.get("Require")) == ("4;refresher=uas", None)
    peer.ack()
    for _ in range(2):
        update = peer.incoming("UPDATE")
        assert (update.body, update.get("Session-Expires")) == ("", "4;refresher=uac")
        peer.respond(update)
    peer.bye()
    hasty.wait_empty()
    peer.close()


def test_a_caller_without_update_is_refreshed_with_what_stands(hasty):
    peer = Peer(hasty)
    answer = peer.invite(body=sdp(*AUDIO), extra=["Allow: INVITE, ACK, BYE"])
    peer.ack()
    refresh = peer.incoming("INVITE")
    assert refresh.body == answer.body
    peer.respond(refresh, body=sdp(*AUDIO))
    peer.incoming("ACK")
    peer.bye()
    hasty.wait_empty()
    peer.close()


def test_a_caller_that_is_gone_is_noticed(hasty):
    peer = Peer(hasty)
    peer.invite(body=sdp(*AUDIO), extra=["Allow: UPDATE"])
    peer.ack()
    peer.respond(peer.incoming("UPDATE"), "481 Call Does Not Exist")
    hasty.expect("left")
    hasty.wait_empty()
    peer.close()


# ---- reliable provisional answers


def test_who_only_supports_100rel_gets_plain_answers(host, peer):
    peer.request("INVITE", body=sdp(*AUDIO), extra=["Supported: 100rel"])
    ringing = peer.wait(lambda m: m.status == 180)
    assert (ringing.get("RSeq"), ringing.get("Require")) == (None, None)
    answer = peer.final()
    peer.to_tag = re.search(r"tag=([^;]+)", answer.get("To")).group(1)
    peer.ack()
    peer.bye()


# ---- UPDATE


def test_an_update_moves_the_media(host, peer):
    in_call(host, peer)
    peer.request("UPDATE", body=sdp("m=audio 4444 RTP/AVP 8", version=2, address="127.0.0.5"))
    assert "PCMA" in peer.final().body
    assert host.expect("update")["to"] == ["127.0.0.5:4444"]
    peer.bye()


def test_an_update_before_the_answer_does_not_take_the_invites_turn(host, peer):
    peer.request("INVITE", "slow", sdp(*AUDIO))
    ringing = peer.wait(lambda m: m.status == 180)
    peer.to_tag = re.search(r"tag=([^;]+)", ringing.get("To")).group(1)
    peer.request("UPDATE", "slow", sdp(*AUDIO, version=2))
    busy = peer.wait(lambda m: m.status and "UPDATE" in m.get("CSeq"))
    assert (busy.status, busy.get("Retry-After") is not None) == (500, True)
    host.say("answer")
    assert peer.wait(lambda m: m.status == 200).get("CSeq") == "1 INVITE"
    peer.cseq = 1
    peer.ack()
    peer.cseq = 2
    peer.bye()
    host.wait_empty()


def test_an_offer_by_update_meets_ours(host, peer):
    who = in_call(host, peer)
    host.say(f"reoffer {who}")
    invite = peer.incoming("INVITE")
    peer.request("UPDATE", body=sdp(*AUDIO, "a=sendonly", version=2))
    assert peer.wait(lambda m: m.status and "UPDATE" in m.get("CSeq")).status == 491
    peer.respond(invite, body=sdp(*AUDIO))
    peer.incoming("ACK")
    assert host.expect("reoffered")["ok"]
    peer.bye()
    host.wait_empty()


# ---- NAT


class Hidden(Peer):
    """Calls itself by an address from behind its NAT."""

    here = property(lambda self: "10.9.8.7:5060")


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_requests_reach_a_peer_behind_a_nat(transport, tmp_path):
    host = Host(PROGRAM, tls=tmp_path)
    peer = Hidden(host, transport)
    answer = peer.invite(body=sdp(*AUDIO))
    assert f"rport={peer.port}" in answer.get("Via") and "received=127.0.0.1" in answer.get("Via")
    peer.ack()
    who = host.expect("admitted")["id"]
    host.say(f"reoffer {who}")
    invite = peer.incoming("INVITE")
    assert invite.first.startswith("INVITE sip:anna@10.9.8.7:5060")
    peer.respond(invite, body=sdp(*AUDIO))
    peer.incoming("ACK")
    host.say(f"hangup {who}")
    peer.respond(peer.incoming("BYE"))
    host.wait_empty()
    peer.close()
    host.stop()


def test_requests_follow_a_peer_whose_nat_forgot_it(host):
    peer, elsewhere = Hidden(host), Hidden(host)
    who = in_call(host, peer)
    for name in ("tag", "call_id", "to_tag", "target", "cseq"):
        setattr(elsewhere, name, getattr(peer, name))
    elsewhere.invite(body=sdp(*AUDIO))
    elsewhere.ack()
    host.say(f"hangup {who}")
    elsewhere.respond(elsewhere.incoming("BYE"))
    host.wait_empty()
    peer.close()
    elsewhere.close()


def test_a_ping_on_a_connection_is_answered(host):
    peer = Peer(host, "tcp")
    peer.send(b"\r\n\r\n")
    until = time.monotonic() + 3
    answer = b""
    while time.monotonic() < until and len(answer) < 2:
        try:
            answer += peer.socket.recv(16)
        except TimeoutError:
            pass
    assert answer == b"\r\n"
    assert peer.invite(body=sdp(*AUDIO)).status == 200
    peer.ack()
    peer.bye()
    peer.close()


def test_the_public_address_stands_in_contact():
    host = Host(PROGRAM, public="192.0.2.33")
    peer = Peer(host)
    assert peer.invite(body=sdp(*AUDIO)).get("Contact") == f"<sip:blue@192.0.2.33:{host.port}>;isfocus"
    peer.target = None
    peer.ack()
    peer.bye()
    peer.close()
    host.stop()


def test_a_layout_may_be_dialled(host, peer):
    peer.invite(uri=f"sip:blue@{peer.there};layout=1%2B5", body=sdp(*AUDIO))
    assert host.expect("admit")["layout"] == "1+5"
    peer.ack()
    peer.bye()


# ---- digest authentication


@pytest.fixture
def guarded(tmp_path):
    users = tmp_path / "users"
    users.write_text("anna:secret\n")
    users.chmod(0o600)
    running = Host(PROGRAM, users=users)
    yield running
    running.stop()


def credentials(challenge, uri, name="anna", password="secret", count=1):
    said = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge.partition(" ")[2]))
    kind = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[said["algorithm"]]

    def digest(*parts):
        return kind(":".join(parts).encode()).hexdigest()

    response = digest(digest(name, said["realm"], password), said["nonce"], f"{count:08x}", "c", "auth", digest("INVITE", uri))
    return (f'Authorization: Digest username="{name}", realm="{said["realm"]}", nonce="{said["nonce"]}", uri="{uri}", '
            f'response="{response}", algorithm={said["algorithm"]}, qop=auth, cnonce="c", nc={count:08x}')


def challenges_of(answer):
    return [value for name, value in answer.headers if name == "WWW-Authenticate"]


@pytest.mark.parametrize("transport", ["u1", "t1"])
def test_sipp_says_who_it_is(transport, tmp_path):
    users = tmp_path / "users"
    users.write_text("anna:secret\n")
    users.chmod(0o600)
    # sipp reads the first challenge only, and knows MD5.
    host = Host(PROGRAM, users=users, algorithm="MD5")
    sipp(host, "digest", "-m", "10", "-r", "10", transport=transport, folder=tmp_path)
    host.wait_empty()
    host.stop()


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_either_algorithm_opens_the_door(guarded, algorithm):
    peer = Peer(guarded)
    refused = peer.invite(body=sdp(*AUDIO))
    assert refused.status == 401
    offered = challenges_of(refused)
    assert ["SHA-256" in c for c in offered] == [True, False]
    challenge = next(c for c in offered if c.endswith(algorithm))
    again = peer.invite(body=sdp(*AUDIO), extra=[credentials(challenge, f"sip:blue@{peer.there}")])
    assert again.status == 200
    peer.ack()
    peer.bye()
    peer.close()


def test_strangers_learn_neither_users_nor_rooms(guarded):
    peer = Peer(guarded)
    uri = f"sip:blue@{peer.there}"
    challenge = challenges_of(peer.invite(body=sdp(*AUDIO)))[0]
    seen = set()
    for room, name, password in [("blue", "anna", "guess"), ("blue", "mallory", "secret"), ("nowhere", "anna", "guess"),
                                 ("full", "x", "x")]:
        said = credentials(challenge, f"sip:{room}@{peer.there}", name, password)
        answer = peer.invite(room, body=sdp(*AUDIO), extra=[said])
        shape = [re.sub(r'nonce="\w+"', "", c) for c in challenges_of(answer)]
        seen.add((answer.first, *shape, answer.get("Warning")))
    assert len(seen) == 1 and not guarded.counts()["guests"], seen
    good = peer.invite(body=sdp(*AUDIO), extra=[credentials(challenge, uri)])
    assert good.status == 200
    peer.ack()
    peer.bye()
    # The same words again, by somebody who listened.
    thief = Peer(guarded)
    stolen = thief.invite(body=sdp(*AUDIO), extra=[credentials(challenge, uri)])
    assert stolen.status == 401 and "stale=true" in challenges_of(stolen)[0]
    peer.close()
    thief.close()
