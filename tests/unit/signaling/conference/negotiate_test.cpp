#include "signaling/conference/negotiate.h"

#include <catch2/catch.hpp>

using signaling::AnsweredMedia;
using signaling::Capabilities;
using signaling::make_offer;
using signaling::MediaAnswer;
using signaling::MediaCodec;
using signaling::MediaDirection;
using signaling::MediaKind;
using signaling::MediaOffer;
using signaling::negotiate;
using signaling::OfferedMedia;
using signaling::RefusalReason;
using signaling::settle;

namespace {

const MediaCodec kOpus{"opus", 111, 48000, 2, "minptime=10;useinbandfec=1"};
const MediaCodec kG722{"G722", 9, 8000, 1, ""};
const MediaCodec kPcmu{"PCMU", 0, 8000, 1, ""};
const MediaCodec kPcma{"PCMA", 8, 8000, 1, ""};
const MediaCodec kG729{"G729", 18, 8000, 1, ""};
const MediaCodec kVp8{"VP8", 100, 90000, 1, "max-fs=12288;max-fr=60"};
const MediaCodec kAv1{"AV1", 100, 90000, 1, ""};

MediaCodec h264(std::uint8_t payload_type, const std::string& fmtp) {
    return {"H264", payload_type, 90000, 1, fmtp};
}

OfferedMedia audio(std::vector<MediaCodec> codecs) {
    OfferedMedia medium;
    medium.mid = "0";
    medium.kind = MediaKind::Audio;
    medium.address = "192.0.2.1";
    medium.rtp_port = 4000;
    medium.codecs = std::move(codecs);
    return medium;
}

OfferedMedia video(std::vector<MediaCodec> codecs) {
    OfferedMedia medium = audio(std::move(codecs));
    medium.mid = "1";
    medium.kind = MediaKind::Video;
    return medium;
}

AnsweredMedia answer_to(const OfferedMedia& medium, const Capabilities& have = {}) {
    return negotiate({{medium}}, have).value().media.at(0);
}

std::string refusal_of(const MediaOffer& offer, const Capabilities& have = {}) {
    const auto answer = negotiate(offer, have);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().reason == RefusalReason::NotAcceptable);
    return answer.error().text;
}

}  // namespace

TEST_CASE("The audio codec is the peer's first choice among what we have") {
    CHECK(answer_to(audio({kG729, kPcma, kOpus})).send == kPcma);
    CHECK(answer_to(audio({kOpus, kG722, kPcmu})).send == kOpus);
    CHECK(answer_to(audio({kG722, kOpus})).send == kG722);
    CHECK(answer_to(audio({kG722, kPcmu}), {{"PCMU"}, {}, {}}).send == kPcmu);
}

TEST_CASE("A codec spelled in another case is the registered one from here on") {
    MediaCodec shouted = kOpus;
    shouted.name = "OPUS";
    MediaCodec small = h264(97, "profile-level-id=42e01f;packetization-mode=1");
    small.name = "h264";
    MediaCodec pcmu = kPcmu;
    pcmu.name = "pcmu";

    CHECK(answer_to(audio({shouted})).send.name == "opus");
    CHECK(answer_to(audio({shouted})).receive.at(0).name == "opus");
    CHECK(answer_to(video({small})).send.name == "H264");
    CHECK(answer_to(video({small})).receive.at(0).name == "H264");
    CHECK(settle(make_offer({}), {{audio({pcmu})}})->media.at(0).send.name == "PCMU");
}

TEST_CASE("We receive the chosen codec under the offered payload type with our own fmtp") {
    const auto answer = answer_to(audio({kOpus, kPcmu}));

    REQUIRE(answer.receive.size() == 1);
    CHECK(answer.receive[0] == MediaCodec{"opus", 111, 48000, 2, "useinbandfec=1"});
    CHECK(answer.send.fmtp == kOpus.fmtp);
}

TEST_CASE("A codec with another clock or channel count is another codec") {
    CHECK(refusal_of({{audio({{"opus", 96, 16000, 1, ""}})}}) ==
          "no common audio codec: offered opus, have opus G722 PCMU PCMA");
    CHECK(answer_to(audio({{"PCMU", 96, 16000, 1, ""}, {"pcma", 8, 8000, 1, ""}}))
              .send.payload_type == 8);
}

TEST_CASE("A refusal names what was offered and what we have") {
    CHECK(refusal_of({{audio({kG729}), video({kAv1})}}) ==
          "no common audio codec: offered G729, have opus G722 PCMU PCMA; "
          "no common video codec: offered AV1, have H264 VP8");
    CHECK(refusal_of({{video({h264(97, "profile-level-id=6e0028;packetization-mode=1")})}}) ==
          "no common video codec: offered H264(6e0028 mode 1), have H264 VP8");
    CHECK(refusal_of({}) == "no audio or video offered");
}

TEST_CASE("Video without a common codec is declined and the call goes on in sound") {
    const auto answer = negotiate({{audio({kPcmu}), video({kAv1})}}, {});

    REQUIRE(answer);
    CHECK(answer->media[0].accepted);
    CHECK_FALSE(answer->media[1].accepted);
    CHECK(answer->media[1].why_not == "no common video codec: offered AV1, have H264 VP8");
}

TEST_CASE("VP8 is taken where the peer has no H.264 of ours, with what we can decode of it") {
    const auto answer = answer_to(video({kAv1, kVp8}));

    CHECK(answer.accepted);
    CHECK(answer.send == kVp8);
    REQUIRE(answer.receive.size() == 1);
    CHECK(answer.receive[0] == MediaCodec{"VP8", 100, 90000, 1, "max-fs=8160;max-fr=30"});
    CHECK_FALSE(negotiate({{video({kVp8})}}, {{"opus"}, {"H264"}, {}}));
}

TEST_CASE("H.264 is chosen before VP8, whatever the order and the mode") {
    const auto mode0 = h264(97, "profile-level-id=42e01f;packetization-mode=0");

    CHECK(answer_to(video({kVp8, mode0})).send == mode0);
    const auto other_profile = h264(98, "profile-level-id=6e0028;packetization-mode=1");
    CHECK(answer_to(video({other_profile, kVp8})).send == kVp8);
}

TEST_CASE("Our own offer ends with VP8, and a peer that has nothing else is taken by it") {
    const auto ours = make_offer({});
    REQUIRE(ours.media.size() == 2);
    CHECK(ours.media[1].receive.back() ==
          MediaCodec{"VP8", 100, 90000, 1, "max-fs=8160;max-fr=30"});

    const auto settled = settle(ours, {{audio({kPcmu}), video({kVp8})}});

    REQUIRE(settled);
    CHECK(settled->media[1].send == kVp8);
    CHECK(settled->media[1].receive.size() == 1);
}

TEST_CASE("Packetization mode 1 is chosen before mode 0, whatever the order") {
    const auto mode0 = h264(96, "profile-level-id=42e01f;packetization-mode=0");
    const auto mode1 = h264(97, "profile-level-id=42e01f;packetization-mode=1");
    const auto high1 = h264(98, "profile-level-id=640028;packetization-mode=1");

    CHECK(answer_to(video({mode0, mode1})).send == mode1);
    CHECK(answer_to(video({mode0})).send == mode0);
    CHECK(answer_to(video({mode0, high1})).send == high1);
}

TEST_CASE("Within a mode the profile that most viewers share is chosen") {
    const auto high = h264(96, "profile-level-id=640028;packetization-mode=1");
    const auto main = h264(97, "profile-level-id=4d0028;packetization-mode=1");
    const auto baseline = h264(98, "profile-level-id=420028;packetization-mode=1");
    const auto constrained = h264(99, "profile-level-id=42e028;packetization-mode=1");
    const auto again = h264(100, "profile-level-id=42c01f;packetization-mode=1");

    CHECK(answer_to(video({high, main, baseline, constrained, again})).send == constrained);
    CHECK(answer_to(video({high, main, baseline})).send == baseline);
    CHECK(answer_to(video({high, main})).send == main);
    CHECK(answer_to(video({high})).send == high);
}

TEST_CASE("Interleaved mode and unreadable fmtp are not chosen") {
    const auto interleaved = h264(96, "profile-level-id=42e01f;packetization-mode=2");
    const auto broken = h264(97, "profile-level-id=4;packetization-mode=1");
    const auto plain = h264(98, "profile-level-id=42e01f");

    CHECK(answer_to(video({interleaved, broken, plain})).send == plain);
}

TEST_CASE("Digits run on the clock of the chosen audio, or on the only one offered") {
    const MediaCodec wide{"telephone-event", 110, 48000, 1, "0-16"};
    const MediaCodec narrow{"telephone-event", 101, 8000, 1, "0-15"};
    auto both = audio({kPcmu, kOpus});
    both.telephone_events = {wide, narrow};
    auto only_narrow = audio({kOpus});
    only_narrow.telephone_events = {narrow};

    CHECK(answer_to(both).telephone_event_pt == 101);
    CHECK(answer_to(only_narrow).telephone_event_pt == 101);
    CHECK(answer_to(only_narrow).telephone_event_clock_hz == 8000);
    CHECK(answer_to(audio({kOpus})).telephone_event_pt == 0);
}

TEST_CASE("The answered direction is the offered one seen from us") {
    const std::pair<MediaDirection, MediaDirection> pairs[] = {
        {MediaDirection::SendRecv, MediaDirection::SendRecv},
        {MediaDirection::SendOnly, MediaDirection::RecvOnly},
        {MediaDirection::RecvOnly, MediaDirection::SendOnly},
        {MediaDirection::Inactive, MediaDirection::Inactive}};

    for (const auto& [offered, answered] : pairs) {
        auto medium = audio({kPcmu});
        medium.direction = offered;
        CHECK(answer_to(medium).direction == answered);
    }
}

TEST_CASE("RTCP multiplexing and feedback are used only when offered") {
    auto medium = video({h264(96, "packetization-mode=1")});
    CHECK_FALSE(answer_to(medium).rtcp_mux);
    CHECK_FALSE(answer_to(medium).feedback_pli);

    medium.rtcp_mux = true;
    medium.feedback_pli = true;

    CHECK(answer_to(medium).rtcp_mux);
    CHECK(answer_to(medium).feedback_pli);
    CHECK_FALSE(answer_to(medium).feedback_fir);
}

TEST_CASE("What is not one main audio and one main video is declined with its reason") {
    const auto main = h264(96, "packetization-mode=1");
    auto slides = video({main});
    slides.content = "slides";
    OfferedMedia bfcp;
    bfcp.usable = false;
    bfcp.why_not = "media 'application' is not supported";

    const auto answer =
        negotiate({{audio({kPcmu}), slides, video({main}), video({main}), bfcp}}, {});

    REQUIRE(answer);
    REQUIRE(answer->media.size() == 5);
    CHECK(answer->media[1].why_not == "content 'slides' is not taken");
    CHECK(answer->media[2].accepted);
    CHECK(answer->media[3].why_not == "only one video is taken");
    CHECK(answer->media[4].why_not == "media 'application' is not supported");
}

TEST_CASE("Our offer lists all we have, H.264 in both modes") {
    const auto offer = make_offer({{"opus", "PCMU"}, {"H264"}, common::Bitrate::from_kbps(2500)});

    REQUIRE(offer.media.size() == 2);
    CHECK(offer.media[0].receive ==
          std::vector<MediaCodec>{{"opus", 96, 48000, 2, "useinbandfec=1"},
                                  {"PCMU", 0, 8000, 1, ""}});
    CHECK(offer.media[0].telephone_event_pt == 101);
    REQUIRE(offer.media[1].receive.size() == 2);
    CHECK(offer.media[1].receive[0].fmtp ==
          "profile-level-id=42e028;packetization-mode=1;level-asymmetry-allowed=1");
    CHECK(offer.media[1].receive[1].payload_type == 98);
    CHECK(offer.media[1].bandwidth == common::Bitrate::from_kbps(2500));
    CHECK(offer.media[1].rtcp_mux);
}

TEST_CASE("A node without video makes an offer of sound alone") {
    const auto offer = make_offer({{"PCMU"}, {}, {}});

    REQUIRE(offer.media.size() == 1);
    CHECK(offer.media[0].kind == MediaKind::Audio);
}

TEST_CASE("An offer in a running call keeps its entries and the meaning of their payload types") {
    auto medium = audio({{"PCMA", 96, 8000, 1, ""}});
    const auto current = negotiate({{medium, video({kAv1})}}, {}).value();

    const auto offer = make_offer({}, current);

    REQUIRE(offer.media.size() == 2);
    const auto& codecs = offer.media[0].receive;
    REQUIRE(codecs.size() == 4);
    CHECK(codecs[0] == MediaCodec{"PCMA", 96, 8000, 1, ""});
    CHECK(codecs[1] == MediaCodec{"opus", 102, 48000, 2, "useinbandfec=1"});
    CHECK_FALSE(offer.media[1].accepted);
}

TEST_CASE("An answer to our offer settles the first codec that both have") {
    const auto ours = make_offer({});
    auto theirs_video = video({h264(120, "profile-level-id=42e01f;packetization-mode=0")});
    theirs_video.direction = MediaDirection::RecvOnly;

    const auto settled = settle(ours, {{audio({kG729, kPcma, kPcmu}), theirs_video}});

    REQUIRE(settled);
    CHECK(settled->media[0].send == kPcma);
    CHECK(settled->media[0].receive == std::vector<MediaCodec>{kPcma, kPcmu});
    CHECK(settled->media[0].telephone_event_pt == 0);
    CHECK(settled->media[1].send.payload_type == 120);
    CHECK(settled->media[1].receive[0].payload_type == 98);
    CHECK(settled->media[1].direction == MediaDirection::SendOnly);
    CHECK_FALSE(settled->media[1].rtcp_mux);
}

TEST_CASE("An answer that names no profile takes the format whose mode or payload type it has") {
    struct Case {
        MediaCodec answered;
        int received;
    };
    for (const Case& c : {Case{h264(120, "packetization-mode=1"), 97}, Case{h264(98, ""), 98},
                          Case{h264(97, ""), 97}, Case{h264(120, ""), 98}}) {
        INFO(int{c.answered.payload_type} << " " << c.answered.fmtp);

        const auto settled = settle(make_offer({}), {{audio({kPcmu}), video({c.answered})}});

        REQUIRE(settled);
        REQUIRE(settled->media[1].accepted);
        CHECK(settled->media[1].send == c.answered);
        CHECK(settled->media[1].receive[0].payload_type == c.received);
    }
}

TEST_CASE("A medium that the answer declines or leaves out is off, and the rest goes on") {
    auto declined = video({});
    declined.usable = false;
    declined.why_not = "switched off by the peer";

    const auto one = settle(make_offer({}), {{audio({kPcmu}), declined}});
    const auto other = settle(make_offer({}), {{audio({kPcmu})}});

    REQUIRE(one);
    CHECK(one->media[1].why_not == "switched off by the peer");
    REQUIRE(other);
    CHECK_FALSE(other->media[1].accepted);
}

TEST_CASE("An answer that leaves nothing, or more than we offered, is refused") {
    const auto nothing = settle(make_offer({}), {{audio({kG729})}});
    const auto more = settle(make_offer({}), {{audio({kPcmu}), video({}), audio({kPcmu})}});

    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().text ==
          "the answer has none of our audio codecs: answered G729; left out of the answer");
    REQUIRE_FALSE(more);
    CHECK(more.error().text == "the answer has more media than our offer");
}
