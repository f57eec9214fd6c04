// What a bridge does for a viewer that reports losses, over real sockets.

#include <catch2/catch.hpp>
#include <thread>

#include "mcu/bridge/bridge.h"
#include "mcu/rtp/rtcp/receiver_report.h"
#include "tests/support/media_node.h"
#include "tests/support/udp_peer.h"

using namespace std::chrono_literals;
using mcu::Bridge;
using tests::MediaNode;
using tests::UdpPeer;

namespace {

/// Two callers; the second one's picture goes to sockets of the test.
struct Room {
    explicit Room(bool nack = false) {
        state.revision = 1;
        state.default_layout = "grid";
        state.sessions = {tests::caller("a"), tests::caller("b")};
        mcu::MediaConfig& video = state.sessions[1].media[1];
        video.peer = {rtp.address(), rtp.port(), rtcp.port()};
        video.feedback_nack = nack;
        local = bridge.apply(state).local.at(3);
        node.video_tick.start(mcu::TickThread::Priority::Normal);
    }
    ~Room() { node.video_tick.stop(); }

    [[nodiscard]] mcu::SessionStatistics viewer() const {
        return bridge.statistics().sessions.at(1);
    }
    [[nodiscard]] mcu::ReportedLoss reported() const { return viewer().streams.at(1).reported; }
    [[nodiscard]] std::uint64_t packets_sent() const { return viewer().streams.at(1).packets_sent; }
    /// Lets ticks pass until it is so, ten seconds at most.
    template <typename Condition>
    bool until(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + 10s;
        while (std::chrono::steady_clock::now() < deadline) {
            node.control.run_all();
            if (condition()) return true;
            std::this_thread::sleep_for(2ms);  // the ticks are a thread's, on the real clock
        }
        return false;
    }
    void pass(std::chrono::milliseconds time) {
        const auto end = std::chrono::steady_clock::now() + time;
        until([&] { return std::chrono::steady_clock::now() >= end; });
    }
    /// 300 packets more, so many of them lost, when some have been sent since the last report.
    void report(int lost) {
        const std::uint64_t sent = packets_sent();
        REQUIRE(until([&] { return packets_sent() > sent; }));
        highest += 300;
        cumulative_lost += lost;
        std::vector<std::uint8_t> bytes;
        common::ByteWriter writer(bytes);
        const mcu::ReportBlock block{
            .ssrc = local.ssrc, .cumulative_lost = cumulative_lost, .highest_sequence = highest};
        mcu::write_receiver_report(99, std::span(&block, 1), writer);
        rtcp.send(bytes, local.rtcp_port);
        REQUIRE(until([&] { return reported().highest_sequence == highest; }));
        bridge.check(now += 1s);
    }

    MediaNode node{23000};
    tests::RecordingEvents events;
    Bridge bridge{"i", node.services, events};
    UdpPeer rtp, rtcp;
    mcu::ConferenceState state;
    mcu::LocalMedia local;
    common::Timestamp now = node.clock.now();
    std::uint32_t highest = 1000;
    std::int32_t cumulative_lost = 0;
};

}  // namespace

TEST_CASE(
    "A viewer that loses and cannot ask again gets a smaller picture, then each packet twice") {
    Room room;
    room.report(0);
    CHECK(room.viewer().rung == "720p30");

    room.report(15);
    CHECK(room.viewer().rung == "360p30");
    CHECK(room.reported().packets_repeated == 0);

    room.bridge.check(room.now += 1s);
    CHECK(room.until([&] { return room.reported().packets_repeated > 20; }));
    CHECK(room.viewer().rung == "360p30");
}

TEST_CASE("What was counted at a check stands until the next") {
    Room room;
    const auto at_check = [&] {
        return room.bridge.statistics(mcu::Counted::AtLastCheck).sessions.at(1).streams;
    };
    CHECK(at_check().empty());
    room.bridge.check(room.now += 1s);
    const std::uint64_t sent = at_check().at(1).packets_sent;

    REQUIRE(room.until([&] { return room.packets_sent() > sent; }));
    CHECK(at_check().at(1).packets_sent == sent);
    room.bridge.check(room.now += 1s);

    CHECK(at_check().at(1).packets_sent > sent);
}

TEST_CASE("A viewer that can ask again keeps its picture, and gets each packet once") {
    Room room(true);
    room.report(0);

    room.report(15);
    room.report(15);

    CHECK(room.viewer().rung == "720p30");
    CHECK(room.until([&] { return room.packets_sent() > 20; }));
    CHECK(room.reported().packets_repeated == 0);
}

TEST_CASE("A viewer that reports losses and asks for nothing is given a start") {
    Room room;
    room.report(0);
    const std::uint64_t before = room.bridge.statistics().splice_pictures;

    room.report(4);

    CHECK(room.until([&] { return room.bridge.statistics().splice_pictures > before; }));
    CHECK(room.viewer().rung == "720p30");
}

TEST_CASE("A viewer whose path is full gets a smaller picture at once") {
    Room room(true);
    room.report(0);
    CHECK(room.viewer().rung == "720p30");

    room.pass(500ms);
    room.report(210);

    CHECK(room.until([&] { return room.viewer().rung != "720p30"; }));
}
