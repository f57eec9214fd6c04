"""The SIP door from outside: sipp where a plain dialog will do, bare sockets where the peer misbehaves.

Needs SIP_DOOR_HOST, the path of tests/integration/sip/sip_door_host (`meson test` sets it)."""

import os
import pathlib
import re
import socket
import ssl
import subprocess
import time

import pytest

from support.ports import free_port
from support.tessera import BUILD
from sip_peer import AUDIO, VIDEO, Host, Peer, sdp

HERE = pathlib.Path(__file__).parent
PROGRAM = os.environ.get("SIP_DOOR_HOST") or str(BUILD / "tests/integration/sip/sip_door_host")


@pytest.fixture
def host():
    running = Host(PROGRAM)
    yield running
    running.stop()


@pytest.fixture
def peer(host):
    caller = Peer(host)
    yield caller
    caller.close()


def in_call(host, peer, *media):
    """An established call; returns the participant."""
    assert peer.invite(body=sdp(*(media or AUDIO))).status == 200
    peer.ack()
    return host.expect("admitted")["id"]


def sipp(host, scenario, *options, transport="u1", address="127.0.0.1", folder="/tmp"):
    there = f"[{host.address}]" if ":" in host.address else host.address
    done = subprocess.run(
        ["sipp", f"{there}:{host.port}", "-sf", HERE / "sip" / f"{scenario}.xml", "-s", "blue", "-i", address, "-mi", address,
         "-p", str(free_port()), "-t", transport, "-nostdin", "-timeout", "60", "-timeout_error",
         "-trace_err", "-error_file", f"{folder}/errors.log", *options],
        cwd=folder, capture_output=True, timeout=90, check=False)
    errors = pathlib.Path(folder, "errors.log")
    said = (errors.read_text() if errors.exists() else done.stdout.decode())[-2000:]
    assert done.returncode == 0, said


# ---- whole dialogs


@pytest.mark.parametrize("transport", ["u1", "t1"])
@pytest.mark.parametrize("scenario", ["call", "offerless", "hold"])
def test_sipp_goes_through_a_dialog(host, scenario, transport, tmp_path):
    sipp(host, scenario, "-m", "20", "-r", "20", transport=transport, folder=tmp_path)
    host.wait_empty()


def test_ipv6_callers_get_ipv6_media(tmp_path):
    host = Host(PROGRAM, "::1")
    sipp(host, "call", "-m", "1", address="::1", folder=tmp_path)
    peer = Peer(host)
    answer = peer.invite(body=sdp(*AUDIO, address="::1"))
    assert "c=IN IP6 ::1" in answer.body
    assert answer.get("Contact") == f"<sip:blue@[::1]:{host.port}>;isfocus"
    peer.ack()
    peer.bye()
    peer.close()
    host.wait_empty()
    host.stop()


def rss_and_descriptors(pid):
    resident = re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text()).group(1)
    return int(resident), len(os.listdir(f"/proc/{pid}/fd"))


def test_a_thousand_calls_leave_nothing_behind(host, tmp_path):
    sipp(host, "call", "-m", "1000", "-r", "100", "-l", "300", folder=tmp_path)
    host.wait_empty()
    before_kb, before_descriptors = rss_and_descriptors(host.process.pid)
    sipp(host, "call", "-m", "1000", "-r", "100", "-l", "300", folder=tmp_path)
    host.wait_empty()
    after_kb, after_descriptors = rss_and_descriptors(host.process.pid)
    assert after_descriptors == before_descriptors
    # sofia keeps finished transactions for 32 s: the second thousand comes before the first is forgotten.
    assert after_kb < before_kb + 40_000


# ---- who is who


def test_the_rooms_hear_who_calls(host, peer):
    in_call(host, peer)
    # `in_call` read past the request: ask once more, from another caller.
    other = Peer(host, "tcp")
    other.invite("gr%C3%BCn", sdp(*AUDIO), name="")
    other.ack()
    request = host.expect("admit", transport="tcp")
    assert (request["room"], request["name"]) == ("grün", "anna")
    assert (request["uri"], request["agent"]) == ("sip:anna@example.org", "Room/1.0")
    assert (request["remote"], request["local"]) == ("127.0.0.1", "127.0.0.1")
    other.bye()
    other.close()
    peer.bye()


def test_a_display_name_comes_without_its_quotes(host, peer):
    peer.invite(body=sdp(*AUDIO))
    assert host.expect("admit")["name"] == 'Anna "A" Test'
    peer.ack()
    peer.bye()


@pytest.mark.parametrize("transport,suffix", [("udp", ""), ("tcp", ";transport=tcp")])
def test_contact_and_names_fit_the_transport(host, transport, suffix):
    peer = Peer(host, transport)
    answer = peer.invite(body=sdp(*AUDIO))
    assert answer.get("Contact") == f"<sip:blue@127.0.0.1:{host.port}{suffix}>;isfocus"
    assert answer.get("User-Agent") == "Tessera/test"
    assert f"rport={peer.port}" in answer.get("Via")
    peer.ack()
    peer.bye()
    peer.close()


def test_tls_callers_are_known_as_such(tmp_path):
    host = Host(PROGRAM, tls=tmp_path)
    plain, encrypted = Peer(host), Peer(host, "tls")
    in_call(host, plain)
    answer = encrypted.invite(body=sdp(*AUDIO))
    assert answer.get("Contact") == f"<sip:blue@127.0.0.1:{host.port + 1};transport=tls>;isfocus"
    request = host.expect("admit")
    assert (request["transport"], request["secure"]) == ("tls", True)
    encrypted.ack()
    who = host.expect("admitted")["id"]
    # Over the caller's own connection: nobody listens at what its Contact says.
    host.say(f"hangup {who}")
    encrypted.respond(encrypted.incoming("BYE"))
    plain.bye()
    host.wait_empty()
    plain.close()
    encrypted.close()
    host.stop()


def test_a_via_that_says_tls_over_tcp_is_not_believed(host):
    peer = Peer(host, "tcp")
    peer.transport = "tls"
    peer.request("INVITE", body=sdp(*AUDIO))
    in_call(host, honest := Peer(host, "tcp"))
    assert host.counts()["guests"] == 1
    honest.bye()
    honest.close()
    peer.close()


def common_name(peer):
    text = ssl.DER_cert_to_PEM_cert(peer.socket.getpeercert(True))
    return subprocess.run(["openssl", "x509", "-noout", "-subject"], input=text, capture_output=True, text=True,
                          check=True).stdout.strip()


def test_a_new_certificate_is_taken_and_calls_stay(tmp_path):
    host = Host(PROGRAM, tls=tmp_path)
    old = Peer(host, "tls")
    in_call(host, old)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                    "-subj", "/CN=renewed", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "certificate.pem"],
                   check=True, capture_output=True)

    deadline = time.monotonic() + 8
    while True:
        new = Peer(host, "tls")
        if "renewed" in common_name(new):
            break
        new.close()
        assert time.monotonic() < deadline, "the new certificate is not shown"

    in_call(host, new)
    for peer in (old, new):
        peer.request("INFO", body="5", kind="application/dtmf")
        assert peer.final().status == 200
        assert peer.bye().status == 200
        peer.close()
    host.wait_empty()
    host.stop()


# ---- refusals name their reason


@pytest.mark.parametrize(
    "room,status,warning",
    [
        ("nowhere", 404, "399 tessera \"no room 'nowhere'\""),
        ("full", 486, "399 tessera \"room 'full' holds 2\""),
        ("away", 503, '399 tessera "no media daemon"'),
        ("closed", 403, '399 tessera "room is locked"'),
    ],
)
def test_refusals_of_the_rooms(host, peer, room, status, warning):
    answer = peer.invite(room, sdp(*AUDIO))
    assert (answer.status, answer.get("Warning")) == (status, warning)
    assert answer.get("Retry-After") == ("7" if room == "away" else None)
    host.wait_empty()


def test_488_names_what_was_missing(host, peer):
    answer = peer.invite(body=sdp("m=audio 4000 RTP/AVP 18"))
    assert answer.status == 488
    assert answer.get("Warning") == (
        '304 tessera "no common audio codec: offered G729, have opus G722 PCMU PCMA"')
    host.wait_empty()


def test_encrypted_media_without_keys_is_refused_in_words(host, peer):
    answer = peer.invite(body=sdp("m=audio 4000 RTP/SAVP 0"))
    assert answer.status == 488
    assert "no usable encryption" in answer.get("Warning")


def test_unknown_media_are_off_and_the_call_goes_on(host, peer):
    answer = peer.invite(body=sdp("m=application 5070 UDP/BFCP *", *AUDIO, "m=image 4010 udptl t38", *VIDEO))
    lines = [line for line in answer.body.splitlines() if line.startswith("m=")]
    assert lines[0] == "m=application 0 UDP/BFCP *"
    assert re.fullmatch(r"m=audio [1-9]\d* RTP/AVP 0 101", lines[1])
    assert lines[2] == "m=image 0 udptl t38"
    assert re.fullmatch(r"m=video [1-9]\d* RTP/AVP 97", lines[3])
    peer.ack()
    peer.bye()


def test_broken_sdp_is_named_by_line(host, peer):
    answer = peer.invite(body="v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\nm=audio 99999 RTP/AVP 0\r\n")
    assert answer.status == 400
    assert answer.get("Warning") == (
        "399 tessera \"SDP line 3: port '99999' of m= is not a number from 0 to 65535\"")
    host.wait_empty()


def test_other_bodies_get_415_with_what_we_read(host, peer):
    answer = peer.invite(body="hello", kind="text/plain")
    assert (answer.status, answer.get("Accept")) == (415, "application/sdp")
    host.wait_empty()


@pytest.mark.parametrize("method,status", [("MESSAGE", 405), ("SUBSCRIBE", 405), ("REGISTER", 405), ("FROBNICATE", 501)])
def test_other_methods_are_named_as_such(host, peer, method, status):
    peer.request(method)
    answer = peer.final()
    assert answer.status == status
    assert "INVITE" in answer.get("Allow")


def test_required_extensions_we_lack_are_named(host, peer):
    answer = peer.invite(body=sdp(*AUDIO), extra=["Require: siprec"])
    assert (answer.status, answer.get("Unsupported")) == (420, "siprec")


def test_more_calls_than_allowed_are_refused_for_a_while():
    host = Host(PROGRAM, max_calls=1)
    first, second = Peer(host), Peer(host)
    in_call(host, first)
    answer = second.invite(body=sdp(*AUDIO))
    assert (answer.status, answer.get("Retry-After")) == (503, "5")
    assert answer.get("Warning") == '399 tessera "no more than 1 calls at a time"'
    first.bye()
    host.wait_empty()
    again = Peer(host)
    in_call(host, again)
    again.bye()
    for peer in (first, second, again):
        peer.close()
    host.stop()


# ---- OPTIONS and INFO


def test_options_says_what_we_do(host, peer):
    peer.request("OPTIONS", "nowhere")
    answer = peer.final()
    assert answer.status == 200
    assert answer.get("Accept") == "application/sdp"
    assert answer.get("Allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_digits_by_info(host, transport):
    peer = Peer(host, transport)
    who = in_call(host, peer)
    peer.request("INFO", body="Signal=5\r\nDuration=160\r\n", kind="application/dtmf-relay")
    assert peer.final().status == 200
    assert host.expect("dtmf") == {"event": "dtmf", "id": who, "digit": "5", "ms": 160}
    peer.request("INFO", body="#", kind="application/dtmf")
    assert peer.final().status == 200
    assert host.expect("dtmf")["digit"] == "#"
    peer.request("INFO", body="x", kind="application/dtmf")
    assert peer.final().status == 400
    peer.request("INFO", body="x", kind="text/plain")
    answer = peer.final()
    assert answer.status == 415
    assert "application/dtmf-relay" in answer.get("Accept")
    peer.bye()
    peer.close()


def test_picture_fast_update_both_ways(host, peer):
    who = in_call(host, peer, *AUDIO, *VIDEO)
    body = ("<media_control><vc_primitive><to_encoder><picture_fast_update/>"
            "</to_encoder></vc_primitive></media_control>")
    peer.request("INFO", body=body, kind="application/media_control+xml")
    assert peer.final().status == 200
    assert host.expect("picture_fast_update")["id"] == who
    host.say(f"keyframe {who}")
    info = peer.incoming("INFO")
    assert info.get("Content-Type") == "application/media_control+xml"
    assert "<picture_fast_update/>" in info.body
    peer.respond(info)
    peer.bye()


def test_info_outside_a_call_is_refused(host, peer):
    peer.request("INFO", body="5", kind="application/dtmf")
    assert peer.final().status == 481
    peer.to_tag = "nobody"
    peer.request("UPDATE", body=sdp(*AUDIO))
    assert peer.final().status == 481


# ---- changes of a running call


def test_reinvite_moves_the_media_and_changes_the_codec(host, peer):
    in_call(host, peer)
    answer = peer.invite(body=sdp("m=audio 4444 RTP/AVP 8", version=2, address="127.0.0.5"))
    assert "a=rtpmap:8 PCMA/8000" in answer.body
    update = host.expect("update")
    assert update["to"] == ["127.0.0.5:4444"]
    assert update["media"][0]["codec"] == "PCMA"
    peer.ack()
    peer.bye()


@pytest.mark.parametrize("held,answered", [
    (["m=audio 4000 RTP/AVP 0", "a=sendonly"], "a=recvonly"),
    (["m=audio 4000 RTP/AVP 0", "a=inactive"], "a=inactive"),
    (["m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"], "a=recvonly"),
])
def test_every_kind_of_hold(host, peer, held, answered):
    in_call(host, peer)
    assert answered in peer.invite(body=sdp(*held, version=2)).body
    peer.ack()
    assert "a=sendrecv" in peer.invite(body=sdp(*AUDIO, version=3)).body
    peer.ack()
    peer.bye()


def test_a_change_refused_leaves_the_call_running(host, peer):
    who = in_call(host, peer)
    assert peer.invite(body=sdp("m=audio 4000 RTP/AVP 18", version=2)).status == 488
    peer.request("INFO", body="1", kind="application/dtmf")
    assert peer.final().status == 200
    assert host.expect("dtmf")["id"] == who
    peer.bye()
    host.wait_empty()


def test_a_session_refresh_repeats_what_was_said(host, peer):
    first = peer.invite(body=sdp(*AUDIO))
    peer.ack()
    host.expect("admitted")
    again = peer.invite(body=sdp(*AUDIO))
    peer.ack()
    assert again.body == first.body
    peer.request("UPDATE", body=sdp(*AUDIO))
    assert peer.final().body == first.body
    peer.request("UPDATE")
    empty = peer.final()
    assert (empty.status, empty.body) == (200, "")
    peer.bye()
    host.wait_empty()


def test_an_update_while_the_rooms_think_does_not_take_the_answer_of_the_invite(host, peer):
    peer.request("INVITE", "slow", sdp(*AUDIO))
    ringing = peer.wait(lambda m: m.status == 180)
    early = re.search(r"tag=([^;]+)", ringing.get("To")).group(1)
    for body, status in (("", 500), (sdp(*AUDIO, version=2), 500)):
        peer.request("UPDATE", body=body, to_tag=early)
        answer = peer.final()
        assert (answer.status, answer.get("CSeq")) == (status, f"{peer.cseq} UPDATE")
    host.say("answer")
    answer = peer.final()
    assert (answer.status, answer.get("CSeq")) == (200, f"{peer.cseq - 2} INVITE")
    peer.to_tag, peer.target = early, re.search(r"<(.*)>", answer.get("Contact")).group(1)
    peer.request("ACK", cseq=peer.cseq - 2)
    assert peer.bye().status == 200
    host.wait_empty()


def test_an_offerless_reinvite_gets_our_offer(host, peer):
    in_call(host, peer)
    offer = peer.invite()
    assert re.search(r"m=audio \d+ RTP/AVP 0 96 9 8 101", offer.body)
    peer.ack(sdp("m=audio 4000 RTP/AVP 8"))
    assert host.expect("answered")["media"][0]["codec"] == "PCMA"
    peer.bye()


def test_we_reoffer_with_our_full_side(host, peer):
    who = in_call(host, peer)
    host.say(f"reoffer {who}")
    invite = peer.incoming("INVITE")
    assert re.search(r"m=audio \d+ RTP/AVP 0 101", invite.body)
    assert invite.get("Contact") == f"<sip:blue@127.0.0.1:{host.port}>;isfocus"
    peer.respond(invite, body=sdp("m=audio 4100 RTP/AVP 0", version=2))
    assert peer.incoming("ACK").get("CSeq") == invite.get("CSeq").replace("INVITE", "ACK")
    assert host.expect("reoffered") == {
        "event": "reoffered", "id": who, "ok": True, "text": "", "to": ["127.0.0.1:4100"]}
    peer.bye()
    host.wait_empty()


def test_after_glare_our_offer_comes_again(host, peer):
    who = in_call(host, peer)
    host.say(f"reoffer {who}")
    first = peer.incoming("INVITE")
    peer.request("INVITE", body=sdp(*AUDIO, "a=sendonly", version=2))
    glare = peer.wait(lambda m: m.status and "INVITE" in m.get("CSeq") and m.status >= 200)
    assert glare.status == 491
    peer.respond(first, "491 Request Pending")
    peer.incoming("ACK")
    second = peer.incoming("INVITE")
    peer.respond(second, body=sdp(*AUDIO, version=2))
    peer.incoming("ACK")
    assert host.expect("reoffered")["ok"]
    peer.bye()
    host.wait_empty()


def test_a_refused_reoffer_is_told_and_the_call_goes_on(host, peer):
    who = in_call(host, peer)
    host.say(f"reoffer {who}")
    peer.respond(peer.incoming("INVITE"), "488 Not Acceptable Here")
    assert host.expect("reoffered")["text"] == "the peer answered 488 Not Acceptable Here"
    peer.request("INFO", body="1", kind="application/dtmf")
    assert peer.wait(lambda m: m.status and "INFO" in m.get("CSeq")).status == 200
    peer.bye()
    host.wait_empty()


# ---- every way to end


def test_cancel_while_the_rooms_think(host, peer):
    branch = peer.request("INVITE", "slow", sdp(*AUDIO))
    peer.wait(lambda m: m.status == 180)
    peer.request("CANCEL", "slow", cseq=peer.cseq, branch=branch)
    statuses = {peer.final().status, peer.final().status}
    assert statuses == {200, 487}
    host.say("answer")
    host.expect("admitted")
    assert host.expect("left")["cause"] == 1
    host.wait_empty()


def test_a_cancel_that_crosses_our_answer_comes_too_late(host, peer):
    branch = peer.request("INVITE", body=sdp(*AUDIO))
    answer = peer.final()
    peer.request("CANCEL", cseq=peer.cseq, branch=branch)
    assert peer.wait(lambda m: m.status and "CANCEL" in m.get("CSeq")).status == 481
    peer.to_tag = re.search(r"tag=([^;]+)", answer.get("To")).group(1)
    peer.target = re.search(r"<(.*)>", answer.get("Contact")).group(1)
    peer.ack()
    assert host.expect("admitted")
    assert peer.bye().status == 200
    host.wait_empty()


@pytest.mark.parametrize("body", ["", sdp(*AUDIO)], ids=["our offer", "their offer"])
def test_a_bye_before_the_ack_ends_the_call(host, peer, body):
    assert peer.invite(body=body).status == 200
    assert peer.bye().status == 200
    assert host.expect("left")
    host.wait_empty()


def test_an_answer_without_media_after_our_offer_ends_the_call(host, peer):
    assert peer.invite().status == 200
    peer.ack(sdp("m=audio 4000 RTP/AVP 18"))
    bye = peer.incoming("BYE")
    assert bye.get("Reason") == 'SIP;cause=200;text="no common media"'
    peer.respond(bye)
    assert "none of our audio codecs" in host.expect("left")["text"]
    host.wait_empty()


def test_we_hang_up(host, peer):
    who = in_call(host, peer)
    host.say(f"hangup {who}")
    bye = peer.incoming("BYE")
    assert bye.get("Reason") == 'SIP;cause=200;text="removed by a moderator"'
    assert host.expect("left")["text"] == "kicked"
    peer.respond(bye)
    host.wait_empty()


def test_a_peer_that_lost_the_dialog_is_let_go(host, peer):
    who = in_call(host, peer)
    host.say(f"reoffer {who}")
    peer.respond(peer.incoming("INVITE"), "481 Call/Transaction Does Not Exist")
    assert not host.expect("reoffered")["ok"]
    assert host.expect("left")["id"] == who
    host.wait_empty()


def test_closing_says_goodbye_to_everybody():
    host = Host(PROGRAM)
    peers = [Peer(host, transport) for transport in ("udp", "tcp", "udp")]
    for peer in peers:
        in_call(host, peer)
    waiting = Peer(host)
    waiting.request("INVITE", "slow", sdp(*AUDIO))
    waiting.wait(lambda m: m.status == 180)
    host.say("quit")
    for peer in peers:
        peer.respond(peer.incoming("BYE"))
    assert waiting.final().status == 503
    assert host.expect("closed")["calls"] == 0
    assert host.process.wait(5) == 0
    for peer in [*peers, waiting]:
        peer.close()


def test_closing_does_not_wait_for_peers_that_are_gone():
    host = Host(PROGRAM)
    peer = Peer(host)
    in_call(host, peer)
    peer.close()
    started = time.monotonic()
    host.say("quit")
    host.expect("left", text="server shuts down")
    host.expect("closed")
    assert host.process.wait(9) == 0
    assert time.monotonic() - started < 9


# ---- bad input


def test_a_port_already_taken_is_named(host):
    second = subprocess.run([PROGRAM, host.address, str(host.port)], capture_output=True, timeout=20, check=False)
    assert second.returncode == 1
    assert f"listen for SIP on 127.0.0.1:{host.port}: Address already in use" in second.stdout.decode()


def alive(host):
    peer = Peer(host)
    peer.request("OPTIONS")
    assert peer.final().status == 200
    peer.close()


def test_a_message_too_large_is_not_read(host):
    peer = Peer(host, "tcp")
    try:
        peer.request("INVITE", body=sdp(*AUDIO) + "a=x\r\n" * 40_000)
    except ConnectionError:
        pass
    alive(host)
    peer.close()
    host.wait_empty()


def test_a_request_in_single_bytes_is_put_together(host):
    peer = Peer(host, "tcp")
    whole = []
    peer.send = lambda text: whole.append(text.encode())
    peer.request("OPTIONS")
    peer.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"".join(whole):
        peer.socket.sendall(bytes([byte]))
    assert peer.final().status == 200
    peer.close()


TORTURE = sorted((HERE.parent / "data" / "rfc4475").glob("*.dat"))


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_the_torture_messages_of_rfc4475_do_not_hurt(host, kind):
    assert len(TORTURE) == 49
    for message in TORTURE:
        with socket.socket(socket.AF_INET, kind) as sender:
            sender.connect((host.address, host.port))
            try:
                sender.sendall(message.read_bytes())
            except ConnectionError:
                pass
            alive(host)


@pytest.mark.parametrize("noise", [b"\x00" * 100, b"\r\n\r\n" * 50, b"INVITE", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 8])
def test_noise_does_not_hurt(host, noise):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as sender:
            sender.connect((host.address, host.port))
            sender.sendall(noise)
    alive(host)
