#include "mcu/session/bundle_demux.h"

#include <catch2/catch.hpp>

using mcu::BundleDemux;

namespace {

BundleDemux::Medium medium(const std::string& mid, std::initializer_list<std::size_t> types,
                           std::vector<std::uint32_t> ssrcs = {}) {
    BundleDemux::Medium made{.mid = mid, .payload_types = {}, .ssrcs = std::move(ssrcs)};
    for (const std::size_t type : types) made.payload_types.set(type);
    return made;
}

constexpr std::size_t kSound = 0, kPicture = 1, kScreen = 2;

BundleDemux three() {
    BundleDemux demux;
    demux.set_media({medium("0", {111, 0}), medium("1", {96, 97}, {2000}), medium("2", {96, 97})});
    return demux;
}

}  // namespace

TEST_CASE("A packet that says its MID is that medium's, whatever its payload type") {
    BundleDemux demux = three();

    CHECK(demux.find("2", 1, 96) == kScreen);
    CHECK(demux.find("1", 2, 96) == kPicture);
    CHECK(demux.find("0", 3, 96) == kSound);
}

TEST_CASE("A MID that nobody has is nobody's, even where the payload type would tell") {
    BundleDemux demux = three();

    CHECK(!demux.find("7", 1, 111));
    CHECK(demux.find("", 1, 111) == kSound);
}

TEST_CASE("An SSRC that said its MID once is known without") {
    BundleDemux demux = three();
    demux.find("2", 77, 96);

    CHECK(demux.find("", 77, 96) == kScreen);
    demux.find("1", 77, 96);
    CHECK(demux.find("", 77, 96) == kPicture);
}

TEST_CASE("Without a MID, what the peer said of its SSRCs tells; then the payload type") {
    BundleDemux demux = three();

    CHECK(demux.find("", 2000, 96) == kPicture);
    CHECK(demux.find("", 5, 111) == kSound);
}

TEST_CASE("An unknown SSRC whose payload type two media have is nobody's") {
    BundleDemux demux = three();

    CHECK(!demux.find("", 4711, 96));
    CHECK(!demux.find("", 4711, 35));
}

TEST_CASE("What was learnt goes with its mid when media come and go") {
    BundleDemux demux = three();
    demux.find("2", 77, 96);
    demux.find("1", 78, 96);

    demux.set_media({medium("2", {96}), medium("3", {96})});

    CHECK(demux.find("", 77, 96) == 0);
    CHECK(!demux.find("", 78, 96));
}

TEST_CASE("Of more SSRCs than are kept the oldest is forgotten, and nothing else happens") {
    BundleDemux demux = three();
    for (std::uint32_t ssrc = 0; ssrc < BundleDemux::kMostLearnt + 1; ++ssrc) {
        demux.find("2", 100 + ssrc, 96);
    }

    CHECK(!demux.find("", 100, 96));
    CHECK(demux.find("", 101, 96) == kScreen);
    CHECK(demux.find("", 100 + BundleDemux::kMostLearnt, 96) == kScreen);
}
