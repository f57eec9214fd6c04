#include <array>
#include <catch2/catch.hpp>
#include <set>

#include "mixer/encode/encoder_stage.h"
#include "mixer/encode/view_lineage.h"
#include "tests/unit/mixer/encode/encoding_room.h"

using mixer::PictureKey;
using mixer::ViewerId;
using mixer::ViewId;
using tests::EncodingRoom;
using tests::RecordingSink;

namespace {

constexpr std::size_t kPeople = 9;

/// Nine people, what each should see, and the Views that lineage makes of it; as a Bridge does.
struct Meeting : private mixer::ViewOpener {
    Meeting() {
        for (std::size_t i = 0; i < kPeople; ++i)
            names.at(i) = std::string(1, static_cast<char>('A' + i));
    }

    /// A grid of all nine, everybody in their seat, the speaker framed.
    [[nodiscard]] PictureKey grid() const {
        PictureKey key;
        key.layout = "grid";
        for (std::size_t i = 0; i < kPeople; ++i) {
            mixer::Tile tile;
            tile.source.value = i + 1;
            tile.label = names.at(i);
            tile.muted = muted.contains(i);
            tile.speaking = i == speaker;
            key.tiles.push_back(tile);
        }
        return key;
    }
    /// The speaker fills the canvas; the speaker sees who spoke before.
    [[nodiscard]] PictureKey speaker_view(std::size_t viewer) const {
        PictureKey key;
        key.layout = "speaker";
        mixer::Tile tile;
        tile.source.value = (viewer == speaker ? previous_speaker : speaker) + 1;
        tile.label = names.at(tile.source.value - 1);
        tile.muted = muted.contains(tile.source.value - 1);
        key.tiles.push_back(tile);
        return key;
    }

    template <typename KeyOf>
    void show(KeyOf key_of) {
        std::vector<mixer::ViewerPlan> plans;
        for (std::size_t i = 0; i < kPeople; ++i) plans.push_back({ViewerId{i + 1}, key_of(i)});
        const mixer::LineageChange change = lineage.update(room.clock.now(), plans);
        for (const auto& move : change.moves) {
            const std::size_t viewer = move.viewer.value - 1;
            movers.insert(viewer);
            if (move.from.valid()) {
                room.stage.move(subscriptions.at(viewer), move.to);
            } else {
                subscriptions.at(viewer) = room.subscribe(move.to, sinks.at(viewer));
            }
        }
        for (const ViewId closed : change.closed) room.stage.close_view(closed);
    }
    /// A speaker change, a mute or a new name.
    void change(int step) {
        const auto who = static_cast<std::size_t>(step * 7 % 9);
        if (step % 3 == 0) {
            previous_speaker = speaker;
            speaker = who == speaker ? (who + 1) % kPeople : who;
        } else if (step % 3 == 1) {
            if (!muted.insert(who).second) muted.erase(who);
        } else {
            names.at(who) += "'";
        }
    }
    ViewId open_view() override { return room.stage.open_view(); }

    EncodingRoom room;
    mixer::ViewLineage lineage{*this};
    std::array<RecordingSink, kPeople> sinks;
    std::array<mixer::SubscriptionId, kPeople> subscriptions;
    std::array<std::string, kPeople> names;
    std::set<std::size_t> muted, movers;
    std::size_t speaker = 0, previous_speaker = 1;
};

}  // namespace

TEST_CASE(
    "100 speaker changes, mutes and renames in a grid of nine open no encoder and send no key "
    "picture") {
    Meeting meeting;
    meeting.show([&](std::size_t) { return meeting.grid(); });
    meeting.room.ticks(3);

    for (int step = 0; step < 100; ++step) {
        meeting.change(step);
        meeting.show([&](std::size_t) { return meeting.grid(); });
        meeting.room.ticks(3);
    }

    CHECK(meeting.room.stage.counters().encoders_opened == 1);
    CHECK(meeting.room.stage.counters().key_pictures == 1);
    CHECK(meeting.room.stage.counters().splice_pictures == 0);
    for (const RecordingSink& sink : meeting.sinks) {
        CHECK(sink.keys() == 1);
        CHECK(sink.pictures.size() == 303);
    }
}

TEST_CASE(
    "100 changes where the speaker sees somebody else open no encoder, and who stays gets no key "
    "picture") {
    Meeting meeting;
    const auto key_of = [&](std::size_t viewer) { return meeting.speaker_view(viewer); };
    meeting.show(key_of);
    meeting.room.ticks(5);
    REQUIRE(meeting.room.stage.counters().encoders_opened == 2);
    std::array<int, kPeople> starts{};

    for (int step = 0; step < 100; ++step) {
        meeting.movers.clear();
        meeting.change(step);
        std::array<int, kPeople> keys_before{};
        for (std::size_t i = 0; i < kPeople; ++i) keys_before.at(i) = meeting.sinks.at(i).keys();
        meeting.show(key_of);
        meeting.room.ticks(18);
        for (std::size_t i = 0; i < kPeople; ++i) {
            const int keys = meeting.sinks.at(i).keys() - keys_before.at(i);
            REQUIRE(keys == (meeting.movers.contains(i) ? 1 : 0));
            starts.at(i) += keys;
        }
        REQUIRE(meeting.movers.size() <= 2);
    }

    CHECK(meeting.room.stage.counters().encoders_opened == 2);
    for (std::size_t i = 0; i < kPeople; ++i) {
        CHECK(meeting.sinks.at(i).flows(2 * EncodingRoom::kTick));
        CHECK(meeting.sinks.at(i).decodes_cleanly());
    }
}

TEST_CASE(
    "Views that stay equal for 2 s become one encoder, and only the smaller group starts anew") {
    Meeting meeting;
    meeting.show([&](std::size_t viewer) { return meeting.speaker_view(viewer); });
    meeting.room.ticks(20);

    for (int second = 0; second < 8; ++second) {
        meeting.show([&](std::size_t) { return meeting.grid(); });
        meeting.room.ticks(30);
    }

    CHECK(meeting.lineage.view_count() == 1);
    CHECK(meeting.room.stage.counters().encoders_opened == 2);
    CHECK(meeting.sinks.at(0).keys() == 2);  // the speaker, who had a View of their own
    for (std::size_t i = 1; i < kPeople; ++i) CHECK(meeting.sinks.at(i).keys() == 1);
    CHECK(meeting.sinks.at(0).flows(EncodingRoom::kTick));
    CHECK(meeting.room.stage.counters().encoders_running == 1);
    CHECK(meeting.sinks.at(0).pictures.back() == meeting.sinks.at(1).pictures.back());
}
