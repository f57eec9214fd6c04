#include "signaling/conference/session_media.h"

#include <catch2/catch.hpp>

#include "signaling/conference/negotiate.h"
#include "tests/support/fake_call.h"

using namespace signaling;
using common::Bitrate;

namespace {

/// What a peer with this offer gets: sound first, then the picture.
std::vector<SessionMedia> media_for(const MediaOffer& offer) {
    return session_media(*negotiate(offer, {}), offer, {});
}

MediaOffer limited_to(int kbps) {
    MediaOffer offer = tests::usual_offer();
    offer.bandwidth = Bitrate::from_kbps(kbps);
    return offer;
}

}  // namespace

TEST_CASE("Without a limit of the peer nothing is limited") {
    const auto media = media_for(tests::usual_offer());

    CHECK(media[0].bandwidth == Bitrate());
    CHECK(media[1].bandwidth == Bitrate());
}

TEST_CASE("A limit for all media leaves the picture what the sound does not take") {
    const auto media = media_for(limited_to(384));

    CHECK(media[0].bandwidth == Bitrate::from_kbps(192));
    CHECK(media[1].bandwidth == Bitrate::from_kbps(384 - 64));
}

TEST_CASE("Of a narrow limit the sound takes half at most") {
    const auto media = media_for(limited_to(80));

    CHECK(media[0].bandwidth == Bitrate::from_kbps(40));
    CHECK(media[1].bandwidth == Bitrate::from_kbps(40));
}

TEST_CASE("Of 128 kbit/s the sound leaves what the smallest picture takes") {
    const auto media = media_for(limited_to(128));

    CHECK(media[0].bandwidth == Bitrate::from_kbps(38));
    CHECK(media[1].bandwidth == Bitrate::from_kbps(90));
}

TEST_CASE("G.711 takes its whole share, for it cannot do with less") {
    MediaOffer offer = limited_to(128);
    offer.media[0].codecs = {{"PCMU", 0, 8000, 1, ""}};

    CHECK(media_for(offer)[1].bandwidth == Bitrate::from_kbps(128 - 80));
    offer.bandwidth = Bitrate::from_kbps(64);
    CHECK(media_for(offer)[1].bandwidth == Bitrate::from_kbps(1));
}

TEST_CASE("A call without a picture has the whole limit for its sound") {
    MediaOffer offer = limited_to(80);
    offer.media[1].direction = MediaDirection::Inactive;

    CHECK(media_for(offer)[0].bandwidth == Bitrate::from_kbps(80));
}

TEST_CASE("A medium's own limit holds beside the one for all") {
    MediaOffer offer = limited_to(1000);
    offer.media[0].bandwidth = Bitrate::from_kbps(24);
    offer.media[1].bandwidth = Bitrate::from_kbps(512);

    const auto media = media_for(offer);

    CHECK(media[0].bandwidth == Bitrate::from_kbps(24));
    CHECK(media[1].bandwidth == Bitrate::from_kbps(512));
}

TEST_CASE("A picture of the speaker is the main one to the media daemon") {
    MediaOffer offer = tests::usual_offer();
    offer.media[1].content = "speaker";
    const MediaAnswer answer = *negotiate(offer, {});

    CHECK(answer.media[1].content == "speaker");  // as the peer's SDP calls it
    CHECK(session_media(answer, offer, {})[1].content == "main");
}

TEST_CASE("Who says by ICE where it receives is not on hold for want of an address") {
    MediaOffer offer = tests::usual_offer();
    for (OfferedMedia& medium : offer.media) medium.address.clear();

    CHECK(media_for(offer)[1].direction == MediaDirection::RecvOnly);
    offer.by_ice = true;
    CHECK(media_for(offer)[1].direction == MediaDirection::SendRecv);
}
