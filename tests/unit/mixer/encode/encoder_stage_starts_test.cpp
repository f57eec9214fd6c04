#include <algorithm>
#include <catch2/catch.hpp>

#include "mixer/encode/encoder_stage.h"
#include "tests/unit/mixer/encode/encoding_room.h"

using mixer::StartReason;
using namespace std::chrono_literals;
using tests::EncodingRoom;
using tests::RecordingSink;

TEST_CASE(
    "A joiner starts within 16 pictures with a key picture of their own, and nobody else gets "
    "one") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink first, joiner;
    room.subscribe(view, first);
    room.ticks(21);

    room.subscribe(view, joiner);
    room.ticks(16);
    const std::size_t got = joiner.pictures.size();
    room.ticks(40);

    CHECK(got >= 1);
    CHECK(joiner.pictures.front()->key);
    CHECK(joiner.keys() == 1);
    CHECK(first.keys() == 1);
    CHECK(joiner.decodes_cleanly());
    CHECK(first.decodes_cleanly());
    // From the picture after the start on both get the very same.
    CHECK(joiner.pictures.back() == first.pictures.back());
    CHECK(room.stage.counters().key_pictures == 1);
    CHECK(room.stage.counters().splice_pictures == 1);
}

TEST_CASE(
    "A spliced viewer's picture is within 0.5 dB of a never-spliced viewer's over 300 pictures") {
    const common::H264Profile profile =
        GENERATE(common::H264Profile::ConstrainedBaseline, common::H264Profile::High);
    EncodingRoom room({640, 360});
    room.needs.profile = profile;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink first, joiner;
    room.subscribe(view, first);
    room.ticks(40);
    room.subscribe(view, joiner);
    room.ticks(8);  // the next splice point
    tests::H264Viewer first_eyes, joiner_eyes;
    std::size_t watched_first = 0, watched_joiner = 0;
    double first_sum = 0, joiner_sum = 0;
    int compared = 0;

    while (compared < 300) {
        room.tick();
        std::optional<tests::H264Viewer::Luma> by_first, by_joiner;
        while (watched_first < first.pictures.size())
            by_first = first_eyes.decode(first.pictures[watched_first++]->nals);
        while (watched_joiner < joiner.pictures.size()) {
            by_joiner = joiner_eyes.decode(joiner.pictures[watched_joiner++]->nals);
        }
        REQUIRE((by_first && by_joiner));
        const mixer::FrameRef ideal = room.canvas_of(room.stage.canvases().at(0));
        first_sum += tests::luma_psnr(*ideal, *by_first);
        joiner_sum += tests::luma_psnr(*ideal, *by_joiner);
        ++compared;
    }

    INFO("never spliced " << first_sum / compared << " dB, spliced " << joiner_sum / compared
                          << " dB");
    CHECK(joiner_sum / compared > first_sum / compared - 0.5);
    CHECK(first_sum / compared > 25);  // a picture worth comparing with
    CHECK(joiner_eyes.complaints() == 0);
    CHECK(first_eyes.complaints() == 0);
    CHECK(first.keys() == 1);
    CHECK(joiner.keys() == 1);
}

TEST_CASE("Those who start within a second share one refresh, and the next is 30 s away") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink first, second, third, fourth;
    room.subscribe(view, first);
    room.ticks(40);
    CHECK(room.stage.counters().refreshes == 0);  // a key picture needs none

    room.subscribe(view, second);
    room.ticks(20);
    room.subscribe(view, third);
    room.ticks(28);
    CHECK(room.stage.counters().splice_pictures == 2);
    CHECK(room.stage.counters().refreshes == 0);
    room.ticks(20);
    CHECK(room.stage.counters().refreshes == 1);

    room.subscribe(view, fourth);
    room.ticks(28 * 30);
    CHECK(room.stage.counters().splice_pictures == 3);
    CHECK(room.stage.counters().refreshes == 1);
    room.ticks(3 * 30);
    CHECK(room.stage.counters().refreshes == 2);
    room.ticks(40 * 30);
    CHECK(room.stage.counters().refreshes == 2);
    CHECK(first.keys() == 1);
    for (const RecordingSink* sink : {&first, &second, &third, &fourth})
        CHECK(sink->decodes_cleanly());
}

TEST_CASE("Starts asked for before one splice point are served by one intra encode") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink steady, lossy, joiner;
    room.subscribe(view, steady);
    const auto subscription = room.subscribe(view, lossy);
    room.ticks(20);

    room.subscribe(view, joiner);
    for (int i = 0; i < 5; ++i) room.stage.need_start(subscription, StartReason::PictureLoss);
    room.ticks(40);

    CHECK(room.stage.counters().splice_pictures == 1);
    CHECK(room.stage.counters().starts_given == 4);
    CHECK(lossy.keys() == 2);
    CHECK(joiner.keys() == 1);
    CHECK(steady.keys() == 1);
    // Until its start came the lossy viewer went on getting what the others get.
    CHECK(lossy.pictures.size() == steady.pictures.size());
    CHECK(lossy.decodes_cleanly());
}

TEST_CASE("A lone viewer's loss is answered by a key picture, but by no more than one in 16") {
    EncodingRoom room;
    RecordingSink lone;
    const auto subscription = room.subscribe(room.stage.open_view(), lone);
    room.ticks(20);

    room.stage.need_start(subscription, StartReason::PictureLoss);
    room.tick();

    CHECK(lone.pictures.back()->key);
    for (int i = 0; i < 64; ++i) {
        room.stage.need_start(subscription, StartReason::PictureLoss);
        room.tick();
    }
    CHECK(lone.keys() == 2 + 4);
    CHECK(room.stage.counters().splice_pictures == 0);
    CHECK(lone.decodes_cleanly());
}

TEST_CASE("A viewer who changes rung costs nobody else a key picture, and misses nothing") {
    EncodingRoom room({640, 360});
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink large, small, changer;
    room.subscribe(view, large);
    const auto narrow = room.subscribe(view, small);
    const auto changing = room.subscribe(view, changer);
    room.stage.set_budget(narrow, common::Bitrate::from_kbps(100));
    room.ticks(25);

    room.stage.set_budget(changing, common::Bitrate::from_kbps(100));
    room.ticks(30);
    const auto after_down = changer.pictures.back()->size;
    room.clock.advance(std::chrono::seconds(10));
    room.stage.set_budget(changing, common::Bitrate::from_kbps(1000));
    room.ticks(30);

    CHECK(after_down == common::PictureSize{320, 180});
    CHECK(changer.pictures.back()->size == common::PictureSize{640, 360});
    CHECK(changer.keys() == 3);
    CHECK(changer.pictures.size() == 85);
    CHECK(changer.decodes_cleanly());
    CHECK(large.keys() == 1);
    CHECK(small.keys() == 1);
    CHECK(room.stage.counters().encoders_opened == 2);
}

TEST_CASE(
    "A mover sees the old View until the new one has a start for it, whichever is encoded first") {
    const bool old_first = GENERATE(true, false);
    EncodingRoom room;
    const mixer::ViewId one = room.stage.open_view();
    const mixer::ViewId other = room.stage.open_view();
    RecordingSink mover, stays_in_one, stays_in_other;
    const mixer::ViewId from = old_first ? one : other;
    const mixer::ViewId to = old_first ? other : one;
    room.subscribe(one, stays_in_one);
    room.subscribe(other, stays_in_other);
    const auto subscription = room.subscribe(from, mover);
    room.ticks(21);

    room.stage.move(subscription, to);
    room.ticks(30);

    CHECK(mover.pictures.size() == 51);
    CHECK(mover.flows(EncodingRoom::kTick));
    CHECK(mover.keys() == 2);
    CHECK(mover.decodes_cleanly());
    CHECK(mover.pictures.back() == (old_first ? stays_in_other : stays_in_one).pictures.back());
    CHECK(stays_in_one.keys() == 1);
    CHECK(stays_in_other.keys() == 1);
}

TEST_CASE("A mover to a View that nobody watched yet waits no more than two ticks") {
    EncodingRoom room;
    const mixer::ViewId from = room.stage.open_view();
    RecordingSink mover, other;
    const auto subscription = room.subscribe(from, mover);
    room.subscribe(from, other);
    room.ticks(5);

    room.stage.move(subscription, room.stage.open_view());
    room.ticks(2);

    CHECK(mover.keys() == 2);
    CHECK(mover.flows(EncodingRoom::kTick));
    CHECK(other.keys() == 1);
}

TEST_CASE("A mover who turns back before its start keeps its pictures and costs nothing") {
    EncodingRoom room;
    const mixer::ViewId from = room.stage.open_view();
    const mixer::ViewId to = room.stage.open_view();
    RecordingSink mover, resident;
    room.subscribe(to, resident);
    const auto subscription = room.subscribe(from, mover);
    room.ticks(5);

    room.stage.move(subscription, to);
    room.ticks(3);
    room.stage.move(subscription, from);
    room.ticks(30);

    CHECK(mover.keys() == 1);
    CHECK(mover.pictures.size() == 38);
    CHECK(room.stage.counters().splice_pictures == 0);
}

TEST_CASE("Splice contexts are pooled: two Renditions of one format share one") {
    EncodingRoom room;
    const mixer::ViewId one = room.stage.open_view();
    const mixer::ViewId other = room.stage.open_view();
    RecordingSink a, b, c, d;
    room.subscribe(one, a);
    room.subscribe(other, b);
    room.ticks(5);

    room.subscribe(one, c);
    room.subscribe(other, d);
    room.ticks(20);

    CHECK(room.stage.counters().splice_pictures == 2);
    CHECK(room.stage.counters().splice_contexts_opened == 1);
}

TEST_CASE("A splice context that nobody needed for some seconds is closed, and opened again") {
    EncodingRoom room;
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink a, b, c, d;
    room.subscribe(view, a);
    room.ticks(5);
    room.subscribe(view, b);
    room.ticks(20);
    room.stage.tidy();
    room.subscribe(view, c);
    room.ticks(20);
    CHECK(room.stage.counters().splice_contexts_opened == 1);
    CHECK(room.stage.counters().splice_contexts == 1);

    room.ticks(30 * 5);
    room.stage.tidy();
    CHECK(room.stage.counters().splice_contexts == 0);
    room.subscribe(view, d);
    room.ticks(20);

    CHECK(d.keys() == 1);
    CHECK(room.stage.counters().splice_contexts_opened == 2);
}

TEST_CASE("At a low rate, too, a joiner starts within a second, and nobody else pays for it") {
    for (const int rate : {15, 10, 5}) {
        INFO(rate << " pictures a second");
        mixer::EncoderStage::Config config;
        config.rungs.back().frames_per_second = rate;
        EncodingRoom room({320, 180}, config);
        const mixer::ViewId view = room.stage.open_view();
        RecordingSink first, joiner;
        room.subscribe(view, first);
        room.ticks(2 * (30 / rate));  // frame_num has just left 0

        room.subscribe(view, joiner);
        const common::Timestamp asked = room.clock.now();
        room.ticks(90);

        REQUIRE_FALSE(joiner.pictures.empty());
        CHECK(joiner.pictures.front()->key);
        CHECK(joiner.pictures.front()->media_time - asked < 1s);
        CHECK(joiner.keys() == 1);
        CHECK(first.keys() == 1);
        CHECK(first.flows(EncodingRoom::kTick * (30 / rate) + 1ms));
        CHECK(first.decodes_cleanly());
        CHECK(joiner.decodes_cleanly());
        CHECK(room.stage.counters().splice_pictures == 1);
    }
}

TEST_CASE("On a poor path a start is half as large, and costs nobody else anything") {
    EncodingRoom room({640, 360});
    const mixer::ViewId view = room.stage.open_view();
    RecordingSink first, joiner;
    room.subscribe(view, first);
    room.ticks(40);
    const auto subscription = room.subscribe(view, joiner);
    room.ticks(16);
    const auto bytes_of_newest_key = [&] {
        const auto key = std::find_if(joiner.pictures.rbegin(), joiner.pictures.rend(),
                                      [](const auto& picture) { return picture->key; });
        return (*key)->storage.size();
    };
    const std::size_t fine = bytes_of_newest_key();

    room.stage.set_start_quality(subscription, mixer::StartQuality::Coarse);
    room.stage.need_start(subscription, StartReason::PictureLoss);
    room.ticks(20);

    CHECK(joiner.keys() == 2);
    CHECK(2 * bytes_of_newest_key() < fine * 11 / 10);
    CHECK(first.keys() == 1);
    CHECK(joiner.decodes_cleanly());
    CHECK(first.decodes_cleanly());
}
