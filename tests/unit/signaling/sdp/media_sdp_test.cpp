#include "signaling/sdp/media_sdp.h"

#include <catch2/catch.hpp>

#include "signaling/conference/negotiate.h"
#include "signaling/sdp/sdp_parser.h"
#include "signaling/sdp/sdp_writer.h"

using namespace signaling;

namespace {

SessionDescription sdp(const std::string& session, const std::string& media) {
    const auto parsed =
        parse_sdp("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n" + session + "t=0 0\r\n" + media);
    REQUIRE(parsed);
    return *parsed;
}

MediaOffer offer(const std::string& session, const std::string& media) {
    return media_from_sdp(sdp(session, media));
}

OfferedMedia medium(const std::string& media) {
    return offer("c=IN IP4 192.0.2.1\r\n", media).media.at(0);
}

const std::string kAudio = "m=audio 4000 RTP/AVP 0\r\n";
const std::string kVideo = "m=video 4002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n";

}  // namespace

TEST_CASE("Each m-line becomes an entry in its place, named by it") {
    const auto media =
        offer("c=IN IP4 192.0.2.1\r\n", kAudio + kVideo + "m=application 4004 UDP/BFCP *\r\n")
            .media;

    REQUIRE(media.size() == 3);
    CHECK(media[0].kind == MediaKind::Audio);
    CHECK(media[1].mid == "1");
    CHECK(media[2].kind == MediaKind::Other);
    CHECK(media[2].why_not == "media 'application' is not supported");
}

TEST_CASE("Codecs keep the peer's order; static payload types need no rtpmap") {
    const auto codecs = medium(
                            "m=audio 4000 RTP/AVP 111 9 0 18 77 111 x 200 101\r\n"
                            "a=rtpmap:111 opus/48000/2\r\n"
                            "a=fmtp:111 useinbandfec=1; minptime=10\r\n"
                            "a=rtpmap:101 telephone-event/8000\r\n")
                            .codecs;

    CHECK(codecs == std::vector<MediaCodec>{{"opus", 111, 48000, 2, "useinbandfec=1; minptime=10"},
                                            {"G722", 9, 8000, 1, ""},
                                            {"PCMU", 0, 8000, 1, ""},
                                            {"G729", 18, 8000, 1, ""}});
}

TEST_CASE("A broken rtpmap leaves its payload type out and no other") {
    const auto codecs = medium(
                            "m=audio 4000 RTP/AVP 96 97 98 99 8\r\n"
                            "a=rtpmap:96 opus\r\na=rtpmap:97 opus/0/2\r\n"
                            "a=rtpmap:98 opus/48000/none\r\na=rtpmap:99 /8000\r\n")
                            .codecs;

    CHECK(codecs == std::vector<MediaCodec>{{"PCMA", 8, 8000, 1, ""}});
}

TEST_CASE("Parameters of a format that are not plain text count as none") {
    const auto codecs = medium(
                            "m=audio 4000 RTP/AVP 96 97\r\na=rtpmap:96 opus/48000/2\r\n"
                            "a=fmtp:96 x=\xff\xfe\r\na=rtpmap:97 opus/48000/2\r\n"
                            "a=fmtp:97 x=\xc3\xa9\r\n")
                            .codecs;

    REQUIRE(codecs.size() == 2);
    CHECK(codecs[0].fmtp.empty());
    CHECK(codecs[1].fmtp.empty());
}

TEST_CASE("Digits are kept apart, one for each clock rate") {
    const auto audio = medium(
        "m=audio 4000 RTP/AVP 0 101 110\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=rtpmap:110 telephone-event/48000\r\n");

    REQUIRE(audio.telephone_events.size() == 2);
    CHECK(audio.telephone_events[1].payload_type == 110);
    CHECK(audio.codecs.size() == 1);
}

TEST_CASE("The address is the medium's own, else the session's") {
    const auto media =
        offer("c=IN IP4 192.0.2.1\r\n", kAudio + kVideo + "c=IN IP6 2001:db8::7\r\n");

    CHECK(media.media[0].address == "192.0.2.1");
    CHECK(media.media[1].address == "2001:db8::7");
}

TEST_CASE("A medium without a usable address is not usable, and says why") {
    CHECK(offer("", kAudio).media[0].why_not == "no c= line for audio");
    CHECK(offer("c=IN IP4 224.2.1.1/127\r\n", kAudio).media[0].why_not ==
          "c= address '224.2.1.1' is not a numeric unicast address");
    CHECK(offer("c=IN IP6 ff02::1\r\n", kAudio).media[0].usable == false);
    CHECK(offer("c=IN IP4 host.example\r\n", kAudio).media[0].usable == false);
    CHECK(offer("c=IN IP4 255.255.255.255\r\n", kAudio).media[0].usable == false);
}

TEST_CASE("Transports other than RTP over UDP are not usable, and say why") {
    CHECK(medium("m=audio 4000 TCP/RTP/AVP 0\r\n").why_not ==
          "audio over 'TCP/RTP/AVP' is not supported, have RTP/AVP, RTP/SAVP and UDP/TLS/RTP/SAVP, "
          "with and without F");
    CHECK(medium("m=image 4000 udptl t38\r\n").why_not == "media 'image' is not supported");
    CHECK(medium("m=audio 0 RTP/AVP 0\r\n").why_not == "switched off by the peer");
    CHECK(medium("m=audio 4000 RTP/AVPF 0\r\n").usable);
    CHECK(medium("m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n").usable);
}

TEST_CASE("The direction is the medium's own, else the session's, else both ways") {
    CHECK(medium(kAudio).direction == MediaDirection::SendRecv);
    CHECK(medium(kAudio + "a=recvonly\r\n").direction == MediaDirection::RecvOnly);
    const auto media =
        offer("c=IN IP4 192.0.2.1\r\na=inactive\r\n", kAudio + kVideo + "a=sendonly\r\n");
    CHECK(media.media[0].direction == MediaDirection::Inactive);
    CHECK(media.media[1].direction == MediaDirection::SendOnly);
}

TEST_CASE("The old hold by address takes the peer's receiving away") {
    const auto held = offer("c=IN IP4 0.0.0.0\r\n", kAudio).media[0];
    const auto held6 = offer("c=IN IP6 ::\r\n", kAudio + "a=recvonly\r\n").media[0];

    CHECK(held.usable);
    CHECK(held.direction == MediaDirection::SendOnly);
    CHECK(held.address.empty());
    CHECK(held6.direction == MediaDirection::Inactive);
}

TEST_CASE("RTCP goes to the next port, to the one named, or with RTP") {
    CHECK(medium(kAudio).rtcp_port == 4001);
    CHECK(medium(kAudio + "a=rtcp:5005\r\n").rtcp_port == 5005);
    CHECK(medium(kAudio + "a=rtcp:5005 IN IP4 192.0.2.1\r\n").rtcp_port == 5005);
    CHECK(medium(kAudio + "a=rtcp:none\r\n").rtcp_port == 4001);
    CHECK(medium(kAudio + "a=rtcp:4009\r\na=rtcp-mux\r\n").rtcp_port == 4000);
    CHECK(medium("m=audio 65535 RTP/AVP 0\r\n").rtcp_port == 65535);
}

TEST_CASE("TIAS limits before AS, and the session's limit is kept apart from the media's") {
    const auto offered = offer("c=IN IP4 192.0.2.1\r\nb=AS:512\r\n",
                               kAudio + kVideo + kVideo + "b=AS:900\r\nb=TIAS:768000\r\n" + kVideo +
                                   "b=CT:1\r\nb=AS:18446744073709551615\r\n");
    const auto& media = offered.media;

    CHECK(offered.bandwidth.bps() == 512'000);
    CHECK(media[0].bandwidth.bps() == 0);
    CHECK(media[1].bandwidth.bps() == 0);
    CHECK(media[2].bandwidth.bps() == 768'000);
    CHECK(media[3].bandwidth.bps() == 1'000'000'000);
}

TEST_CASE("Feedback is understood for all payload types or one, under AVP too") {
    CHECK_FALSE(medium(kVideo).feedback_pli);
    CHECK(medium(kVideo + "a=rtcp-fb:* nack pli\r\n").feedback_pli);
    CHECK(medium(kVideo + "a=rtcp-fb:97 ccm fir\r\n").feedback_fir);
    CHECK_FALSE(medium(kVideo + "a=rtcp-fb:97 nack\r\na=rtcp-fb:97 ccm tmmbr\r\n").feedback_pli);
    CHECK(medium(kVideo + "a=rtcp-fb:97 nack\r\n").feedback_nack);
    CHECK_FALSE(medium(kVideo + "a=rtcp-fb:97 nack pli\r\n").feedback_nack);
    CHECK(medium(kVideo + "a=rtcp-fb:* ccm tmmbr smaxpr=120\r\n").feedback_tmmbr);
}

TEST_CASE("Content, label and packet time are carried") {
    const auto slides = medium(kVideo + "a=content:slides,main\r\na=label:3\r\na=ptime:30\r\n");

    CHECK(slides.content == "slides");
    CHECK(slides.label == "3");
    CHECK(slides.ptime_ms == 30);
    CHECK(medium(kVideo).content == "main");
}

TEST_CASE("ICE and BUNDLE attributes change nothing") {
    const auto plain = medium(kAudio);
    const auto bundled = medium(kAudio +
                                "a=mid:a0\r\na=ice-ufrag:abcd\r\na=ice-pwd:secret\r\n"
                                "a=candidate:1 1 UDP 1 10.0.0.1 9 typ host\r\na=bundle-only\r\n");

    CHECK(bundled == plain);
}

TEST_CASE("An answer repeats the offer's lines, declined ones with port 0") {
    const auto theirs = sdp("c=IN IP4 192.0.2.1\r\n",
                            "m=application 4004 UDP/BFCP *\r\n" + kAudio +
                                "m=video 4002 RTP/AVPF 97 98\r\na=rtpmap:97 H264/90000\r\n"
                                "a=rtpmap:98 VP8/90000\r\na=content:main\r\na=rtcp-mux\r\n"
                                "a=rtcp-fb:* nack pli\r\n");
    Capabilities have;
    have.video_bandwidth = common::Bitrate::from_bps(1'500'500);
    auto ours = negotiate(media_from_sdp(theirs), have).value();
    for (auto& m : ours.media) {
        if (!m.accepted) continue;
        m.address = "192.0.2.9";
        m.rtp_port = m.kind == MediaKind::Audio ? 20000 : 20002;
        m.rtcp_port = m.kind == MediaKind::Audio ? 20011 : 20002;
        m.ssrc = 77;
        m.cname = "x@tessera";
    }

    const auto text = write_sdp(sdp_from_media(ours, lines_of(theirs), {"-", "5", "1", {}}));

    CHECK(text ==
          "v=0\r\n"
          "o=- 5 1 IN IP4 192.0.2.9\r\n"
          "s=Tessera\r\n"
          "c=IN IP4 192.0.2.9\r\n"
          "t=0 0\r\n"
          "m=application 0 UDP/BFCP *\r\n"
          "m=audio 20000 RTP/AVP 0\r\n"
          "a=rtpmap:0 PCMU/8000\r\n"
          "a=ptime:20\r\n"
          "a=sendrecv\r\n"
          "a=rtcp:20011\r\n"
          "a=ssrc:77 cname:x@tessera\r\n"
          "m=video 20002 RTP/AVPF 97\r\n"
          "b=AS:1501\r\n"
          "b=TIAS:1500500\r\n"
          "a=rtpmap:97 H264/90000\r\n"
          "a=fmtp:97 packetization-mode=0\r\n"
          "a=sendrecv\r\n"
          "a=content:main\r\n"
          "a=rtcp-mux\r\n"
          "a=rtcp-fb:* nack pli\r\n"
          "a=ssrc:77 cname:x@tessera\r\n");
}

TEST_CASE("Our own offer is plain RTP with all its codecs and digits, IPv6 where the address is") {
    auto ours = make_offer({{"opus", "PCMU"}, {"H264"}, {}});
    for (auto& m : ours.media) {
        m.address = m.kind == MediaKind::Audio ? "2001:db8::9" : "192.0.2.9";
        m.rtp_port = 20000;
        m.rtcp_port = 20000;
    }

    const auto description = sdp_from_media(ours, {}, {"-", "5", "1", {}});

    CHECK(description.origin.address == SdpAddress{true, "2001:db8::9"});
    CHECK(description.media[0].protocol == "RTP/AVP");
    CHECK(description.media[0].formats == std::vector<std::string>{"96", "0", "101"});
    CHECK(description.media[1].connection == SdpAddress{false, "192.0.2.9"});
    const auto read_back = media_from_sdp(description);
    CHECK(read_back.media[0].codecs == ours.media[0].receive);
    CHECK(read_back.media[0].telephone_events.at(0).clock_rate_hz == 8000);
    CHECK(read_back.media[1].feedback_fir);
}

TEST_CASE("A packet is as long as the peer wishes, and no longer than it takes") {
    const std::string sound = "m=audio 4000 RTP/AVP 0\r\n";

    CHECK(medium(sound).ptime_ms == 0);
    CHECK(medium(sound + "a=ptime:40\r\n").ptime_ms == 40);
    CHECK(medium(sound + "a=maxptime:60\r\n").ptime_ms == 0);
    CHECK(medium(sound + "a=maxptime:10\r\n").ptime_ms == 10);
    CHECK(medium(sound + "a=ptime:60\r\na=maxptime:40\r\n").ptime_ms == 40);
    CHECK(medium(sound + "a=ptime:x\r\na=maxptime:\r\n").ptime_ms == 0);
}
