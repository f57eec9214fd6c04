#include "mcu/bridge/view_planner.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/support/fake_clock.h"
#include "tests/support/manual_executor.h"

using common::SourceId;
using mcu::PlanInput;
using mcu::PlannedViewer;
using mcu::VideoPlan;
using mcu::ViewPlanner;
using mixer::ViewerId;

namespace {

class Sink final : public mixer::PictureSink {
  public:
    void on_picture(const mixer::EncodedPictureRef& picture) override {
        ++pictures;
        if (picture->key) ++key_pictures;
    }
    int pictures = 0;
    int key_pictures = 0;
};

struct Room {
    tests::FakeClock clock;
    tests::ManualExecutor executor;
    mixer::FramePool frames{std::size_t{256} << 20};
    mixer::EncoderStage stage{{}, executor, clock};
    ViewPlanner planner{stage, mixer::LayoutBook::built_in(), frames};
    std::vector<std::unique_ptr<Sink>> sinks;
    PlanInput input;
    mixer::FrameRef blank = std::move(frames.acquire({320, 180})).publish();

    ~Room() { planner.remove_all(); }

    void join(std::uint64_t id, const std::string& layout) {
        sinks.push_back(std::make_unique<Sink>());
        input.candidates.push_back({.source = SourceId{id},
                                    .name = "P" + std::to_string(id),
                                    .roles = {},
                                    .has_video = true});
        PlannedViewer viewer;
        viewer.viewer = ViewerId{id};
        viewer.source = SourceId{id};
        viewer.layout = layout;
        viewer.sink = sinks.back().get();
        viewer.needs.max_bitrate = common::Bitrate::from_kbps(5000);
        input.viewers.push_back(viewer);
    }
    VideoPlan plan() { return planner.plan(clock.now(), input); }
    /// What the video tick does with the newest plan, so many times.
    void run_ticks(int ticks) {
        const VideoPlan drawn = plan();
        for (int i = 0; i < ticks; ++i) {
            clock.advance(std::chrono::milliseconds(33));
            for (const VideoPlan::Drawing& drawing : drawn.drawings)
                stage.encode(drawing.canvas, blank, clock.now());
            executor.run_all();
        }
    }
    [[nodiscard]] std::vector<int> key_pictures() const {
        std::vector<int> counts;
        for (const auto& sink : sinks) counts.push_back(sink->key_pictures);
        return counts;
    }
};

}  // namespace

TEST_CASE("Everyone in a grid sees the same picture: one View, one canvas") {
    Room room;
    for (std::uint64_t id = 1; id <= 9; ++id) room.join(id, "grid");

    const VideoPlan plan = room.plan();

    CHECK(room.planner.view_count() == 1);
    REQUIRE(plan.drawings.size() == 1);
    CHECK(plan.drawings[0].scene->tiles.size() == 9);
    CHECK(room.planner.shown_sources().size() == 9);
}

TEST_CASE("A source's lines are those of its largest tile, on whatever canvas") {
    Room room;
    for (std::uint64_t id = 1; id <= 4; ++id) room.join(id, "grid");

    (void)room.plan();
    const int in_grid = room.planner.lines_shown(SourceId{1});
    CHECK(in_grid > 300);
    CHECK(in_grid <= 360);

    for (PlannedViewer& viewer : room.input.viewers)
        viewer.needs.max_bitrate = common::Bitrate::from_kbps(100);  // 320x180
    (void)room.plan();
    // Whoever has the large picture keeps it until there is a start in the small one.
    room.run_ticks(70);
    (void)room.plan();
    CHECK(room.planner.lines_shown(SourceId{1}) <= 90);

    room.input.viewers[0].layout = "one";
    room.input.viewers[0].pinned = {SourceId{3}};
    (void)room.plan();
    CHECK(room.planner.lines_shown(SourceId{3}) == 180);
    CHECK(room.planner.lines_shown(SourceId{2}) <= 90);
    CHECK(room.planner.lines_shown(SourceId{99}) == 0);
}

TEST_CASE("Whoever comes later gets the very same plan as those who were there") {
    Room room;
    for (std::uint64_t id = 1; id <= 3; ++id) room.join(id, "grid");
    (void)room.plan();
    room.input.speaker_rank = {SourceId{3}, SourceId{1}};
    (void)room.plan();

    room.join(4, "grid");
    (void)room.plan();

    CHECK(room.planner.view_count() == 1);
}

TEST_CASE("The speaker is not shown to themselves, which takes one more View and no more") {
    Room room;
    for (std::uint64_t id = 1; id <= 9; ++id) room.join(id, "speaker");
    room.input.speaker_rank = {SourceId{4}, SourceId{2}};

    (void)room.plan();

    CHECK(room.planner.view_count() == 2);
}

TEST_CASE("A hundred speaker changes among nine open no encoder") {
    Room room;
    for (std::uint64_t id = 1; id <= 9; ++id) room.join(id, "speaker");
    room.input.speaker_rank = {SourceId{1}, SourceId{2}};
    (void)room.plan();
    const std::uint64_t opened = room.stage.counters().encoders_opened;

    for (std::uint64_t change = 0; change < 100; ++change) {
        const SourceId speaker{1 + change * 7 % 9};
        std::erase(room.input.speaker_rank, speaker);
        room.input.speaker_rank.insert(room.input.speaker_rank.begin(), speaker);
        room.clock.advance(std::chrono::milliseconds(500));
        (void)room.plan();
    }

    CHECK(room.stage.counters().encoders_opened == opened);
    CHECK(room.planner.view_count() == 2);
}

TEST_CASE("A hundred changes of speakers, mutes and names cost those who stay no key picture") {
    const auto* layout = GENERATE("grid", "1+5", "1+7", "speaker");
    CAPTURE(layout);
    Room room;
    for (std::uint64_t id = 1; id <= 9; ++id) {
        room.join(id, layout);
        room.input.viewers.back().needs.max_size = {320, 180};
    }
    room.input.speaker_rank = {SourceId{1}, SourceId{2}, SourceId{3}, SourceId{4}};
    room.run_ticks(40);
    REQUIRE(std::ranges::all_of(room.key_pictures(), [](int count) { return count > 0; }));
    const std::vector<int> before = room.key_pictures();
    const std::uint64_t opened = room.stage.counters().encoders_opened;

    // The first four take turns; the others look on.
    for (std::uint64_t change = 0; change < 100; ++change) {
        const std::size_t who = change * 3 % 4;
        if (change % 3 == 0) {
            room.input.candidates[who].has_video = !room.input.candidates[who].has_video;
        } else if (change % 3 == 1) {
            room.input.candidates[who].name = "Renamed " + std::to_string(change);
        } else {
            const SourceId speaker{who + 1};
            std::erase(room.input.speaker_rank, speaker);
            room.input.speaker_rank.insert(room.input.speaker_rank.begin(), speaker);
        }
        room.run_ticks(3);
    }
    room.run_ticks(20);

    const std::vector<int> after = room.key_pictures();
    CHECK(std::equal(after.begin() + 4, after.end(), before.begin() + 4));
    CHECK(room.stage.counters().encoders_opened == opened);
}

TEST_CASE("Planning again when nothing changed draws the very same scenes") {
    Room room;
    for (std::uint64_t id = 1; id <= 3; ++id) room.join(id, "grid");

    const VideoPlan first = room.plan();
    const VideoPlan second = room.plan();

    REQUIRE(first.drawings.size() == second.drawings.size());
    CHECK(first.drawings[0].scene == second.drawings[0].scene);
}

TEST_CASE("A viewer who leaves ends its subscription; the last one ends the View") {
    Room room;
    room.join(1, "grid");
    room.join(2, "grid");
    (void)room.plan();
    CHECK(room.planner.subscription_of(ViewerId{2}).valid());

    room.input.viewers.pop_back();
    room.input.candidates.pop_back();
    (void)room.plan();
    CHECK_FALSE(room.planner.subscription_of(ViewerId{2}).valid());
    CHECK(room.stage.counters().subscriptions == 1);

    room.input.viewers.clear();
    room.input.candidates.clear();
    (void)room.plan();
    CHECK(room.stage.counters().views == 0);
}

TEST_CASE(
    "A viewer that no rung fits has no picture and a reason, and gets one when its needs change") {
    Room room;
    room.join(1, "grid");
    room.input.viewers[0].needs.max_frame_size_mbs = 20;  // less than 320x180 has

    (void)room.plan();
    CHECK_FALSE(room.planner.failure_of(ViewerId{1}).empty());

    room.input.viewers[0].needs.max_frame_size_mbs = 3600;
    (void)room.plan();
    CHECK(room.planner.failure_of(ViewerId{1}).empty());
    CHECK(room.planner.subscription_of(ViewerId{1}).valid());
}

TEST_CASE("A viewer whose needs no rung fits any more gets nothing rather than too much") {
    Room room;
    room.join(1, "grid");
    (void)room.plan();
    REQUIRE(room.planner.subscription_of(ViewerId{1}).valid());
    const mixer::StreamNeeds before = room.input.viewers[0].needs;

    room.input.viewers[0].needs.max_frame_size_mbs = 20;
    (void)room.plan();
    CHECK_FALSE(room.planner.subscription_of(ViewerId{1}).valid());
    CHECK_FALSE(room.planner.failure_of(ViewerId{1}).empty());
    CHECK(room.stage.counters().subscriptions == 0);

    room.input.viewers[0].needs = before;
    (void)room.plan();
    CHECK(room.planner.subscription_of(ViewerId{1}).valid());
    CHECK(room.planner.failure_of(ViewerId{1}).empty());
}

TEST_CASE("A small screen's canvas is drawn every other tick") {
    Room room;
    room.join(1, "grid");
    room.input.viewers[0].needs.max_bitrate = common::Bitrate::from_kbps(100);

    const VideoPlan plan = room.plan();

    REQUIRE(plan.drawings.size() == 1);
    CHECK(plan.drawings[0].tick_divisor == 2);
    CHECK(plan.drawings[0].scene->size == common::PictureSize{320, 180});
}

TEST_CASE("A viewer whose link was limited gets a smaller canvas, and others keep theirs") {
    Room room;
    room.join(1, "grid");
    room.join(2, "grid");
    REQUIRE(room.plan().drawings.size() == 1);

    room.input.viewers[1].budget = common::Bitrate::from_kbps(128);
    const VideoPlan plan = room.plan();

    REQUIRE(plan.drawings.size() == 2);
    std::vector<common::PictureSize> sizes;
    for (const auto& drawing : plan.drawings) sizes.push_back(drawing.scene->size);
    std::ranges::sort(sizes);
    CHECK(sizes.front() == common::PictureSize{320, 180});
    CHECK(sizes.back() >= common::PictureSize{1280, 720});
}

namespace {

/// How many people the room's only drawing shows.
std::size_t shown_in(const VideoPlan& plan) {
    REQUIRE(plan.drawings.size() >= 1);
    return plan.drawings[0].scene->tiles.size();
}

}  // namespace

TEST_CASE("Who drops out for a moment does not turn over the picture, who stays away does") {
    Room room;
    for (std::uint64_t id = 1; id <= 6; ++id) room.join(id, "auto");
    const auto big = room.plan().drawings[0].scene->tiles[0].rect;
    room.clock.advance(std::chrono::seconds(60));

    room.input.viewers.pop_back();
    room.input.candidates.pop_back();
    const VideoPlan soon = room.plan();
    room.clock.advance(std::chrono::seconds(6));
    const VideoPlan later = room.plan();

    CHECK(soon.drawings[0].scene->tiles[0].rect.width > big.width);   // 1+5, of five
    CHECK(later.drawings[0].scene->tiles[0].rect.width < big.width);  // a grid
    CHECK(shown_in(soon) == 5);
    CHECK(shown_in(later) == 5);
}

TEST_CASE("Whoever comes in addition is shown at once") {
    Room room;
    for (std::uint64_t id = 1; id <= 3; ++id) room.join(id, "auto");
    (void)room.plan();

    room.join(4, "auto");

    CHECK(shown_in(room.plan()) == 4);
}

TEST_CASE("Content is shown in the large tile of everybody's picture as soon as it is there") {
    Room room;
    for (std::uint64_t id = 1; id <= 3; ++id) room.join(id, "auto");
    (void)room.plan();

    room.input.content = mixer::Candidate{.source = SourceId{99}, .name = "Slides", .roles = {}};
    const VideoPlan plan = room.plan();

    REQUIRE(plan.drawings.size() >= 1);
    for (const auto& drawing : plan.drawings) {
        CHECK(drawing.scene->tiles[0].source == SourceId{99});
    }
}

TEST_CASE("The host of a lecture keeps a calm audience while its members speak in turn") {
    Room room;
    for (std::uint64_t id = 1; id <= 5; ++id) room.join(id, "lecture");
    room.input.candidates[0].roles = {"host"};
    const auto seats_of_host = [&] {
        std::vector<std::uint64_t> seats;
        const auto scene = room.planner.scene_for(ViewerId{1}, room.input, "auto", {1280, 720});
        for (const auto& tile : scene->tiles) seats.push_back(tile.source.value);
        return seats;
    };
    (void)room.plan();
    const auto before = seats_of_host();

    for (const std::uint64_t speaker : {4U, 2U, 5U}) {
        room.input.speaker_rank.insert(room.input.speaker_rank.begin(), SourceId{speaker});
        (void)room.plan();
    }

    CHECK(before == std::vector<std::uint64_t>{2, 3, 4, 5});
    CHECK(seats_of_host() == before);
}

TEST_CASE("An upright picture is drawn upright, by the layout for it") {
    Room room;
    for (std::uint64_t id = 1; id <= 3; ++id) {
        room.join(id, "auto");
        room.input.viewers.back().needs.max_size = {720, 1280};
    }

    const VideoPlan plan = room.plan();

    REQUIRE(plan.drawings.size() >= 1);
    const auto& scene = *plan.drawings[0].scene;
    CHECK(scene.size == common::PictureSize{720, 1280});
    REQUIRE(scene.tiles.size() == 2);
    CHECK(scene.tiles[0].rect.x == scene.tiles[1].rect.x);
}

TEST_CASE("The count of people of late is the most of its time, and forgets older ones") {
    using std::chrono::seconds;
    mcu::PeopleCount count;
    const common::Timestamp start;
    CHECK(count.most_since(start) == 0);

    count.note(start, 4);
    count.note(start + seconds(10), 7);
    count.note(start + seconds(12), 2);

    CHECK(count.most_since(start + seconds(13)) == 2);
    CHECK(count.most_since(start + seconds(11)) == 7);
    CHECK(count.most_since(start + seconds(5)) == 7);
    count.note(start + seconds(100), 3);
    CHECK(count.most_since(start) == 3);
}
