#include "mixer/encode/subscriber.h"

#include <catch2/catch.hpp>
#include <vector>

using common::Timestamp;
using mixer::EncodedPicture;
using mixer::EncodedPictureRef;
using mixer::Subscriber;
using Place = mixer::Subscriber::Place;

namespace {

constexpr std::uint64_t kOld = 1, kNew = 2;

Timestamp at(int tick) {
    return Timestamp::from_ns(1000 * tick);
}

EncodedPictureRef picture(int tick, bool key = false) {
    auto made = std::make_shared<EncodedPicture>();
    made->media_time = at(tick);
    made->key = key;
    return made;
}

class TimeSink final : public mixer::PictureSink {
  public:
    void on_picture(const EncodedPictureRef& shown) override {
        ticks.push_back(static_cast<int>(shown->media_time.ns() / 1000));
        if (asked != nullptr) asked->request_start();
    }
    std::vector<int> ticks;
    Subscriber* asked = nullptr;
};

/// A viewer who follows kOld up to and with tick 10.
struct Viewer {
    Viewer() {
        subscriber.assign(kOld);
        REQUIRE(subscriber.claim(kOld, at(9)));
        subscriber.deliver_start(kOld, picture(9, true));
        subscriber.deliver_shared(kOld, picture(10));
    }
    TimeSink sink;
    Subscriber subscriber{sink};
};

}  // namespace

TEST_CASE("A new subscriber gets nothing before its start") {
    TimeSink sink;
    Subscriber subscriber(sink);
    subscriber.assign(kOld);

    subscriber.deliver_shared(kOld, picture(1));

    CHECK(sink.ticks.empty());
    CHECK(subscriber.place(kOld) == Place::Starting);
}

TEST_CASE("After its start a subscriber follows, and other Renditions are not for it") {
    Viewer viewer;

    viewer.subscriber.deliver_shared(kNew, picture(11));

    CHECK(viewer.sink.ticks == std::vector<int>{9, 10});
    CHECK(viewer.subscriber.place(kOld) == Place::Following);
    CHECK(viewer.subscriber.place(kNew) == Place::Elsewhere);
}

TEST_CASE("A subscriber on its way is served by the old Rendition until the start") {
    Viewer viewer;
    viewer.subscriber.assign(kNew);

    CHECK(viewer.subscriber.place(kOld) == Place::Following);
    CHECK(viewer.subscriber.place(kNew) == Place::Starting);
    viewer.subscriber.deliver_shared(kOld, picture(11));
    REQUIRE(viewer.subscriber.claim(kNew, at(12)));
    viewer.subscriber.deliver_shared(kOld,
                                     picture(12));  // quicker, but the start of 12 is under way
    viewer.subscriber.deliver_start(kNew, picture(12, true));
    viewer.subscriber.deliver_shared(kOld, picture(13));
    viewer.subscriber.deliver_shared(kNew, picture(13));

    CHECK(viewer.sink.ticks == std::vector<int>{9, 10, 11, 12, 13});
    CHECK_FALSE(viewer.subscriber.attached_to(kOld));
}

TEST_CASE(
    "A claim for a moment already seen fails, and the old Rendition then leaves room for the "
    "next") {
    Viewer viewer;
    viewer.subscriber.assign(kNew);

    CHECK_FALSE(viewer.subscriber.claim(kNew, at(10)));
    viewer.subscriber.deliver_shared(kOld, picture(11));
    CHECK(viewer.subscriber.claim(kNew, at(11)));
    viewer.subscriber.deliver_start(kNew, picture(11, true));

    CHECK(viewer.sink.ticks == std::vector<int>{9, 10, 11});
}

TEST_CASE("A Rendition that announces its start keeps the old one from overtaking it") {
    Viewer viewer;
    viewer.subscriber.assign(kNew);
    viewer.subscriber.hold_others_after(kNew, at(11));

    viewer.subscriber.deliver_shared(kOld, picture(11));
    viewer.subscriber.deliver_shared(kOld, picture(12));

    CHECK(viewer.sink.ticks == std::vector<int>{9, 10, 11});
    CHECK(viewer.subscriber.claim(kNew, at(12)));
}

TEST_CASE("A late picture of the old Rendition does not turn time back") {
    Viewer viewer;
    viewer.subscriber.assign(kNew);
    REQUIRE(viewer.subscriber.claim(kNew, at(12)));
    viewer.subscriber.deliver_start(kNew, picture(12, true));

    viewer.subscriber.deliver_shared(kOld, picture(11));

    CHECK(viewer.sink.ticks == std::vector<int>{9, 10, 12});
}

TEST_CASE("Who turns back in time follows the old Rendition as if nothing had been") {
    Viewer viewer;
    viewer.subscriber.assign(kNew);
    viewer.subscriber.assign(kOld);

    viewer.subscriber.deliver_shared(kOld, picture(11));

    CHECK(viewer.subscriber.place(kOld) == Place::Following);
    CHECK(viewer.sink.ticks.back() == 11);
}

TEST_CASE(
    "Who turns back after a picture was kept from it needs a start, and gets nothing that would "
    "smear") {
    Viewer viewer;
    viewer.subscriber.assign(kNew);
    REQUIRE(viewer.subscriber.claim(kNew, at(11)));
    viewer.subscriber.deliver_shared(kOld, picture(11));  // kept back
    viewer.subscriber.assign(kOld);

    viewer.subscriber.deliver_start(kNew,
                                    picture(11, true));  // too late: it is not wanted any more
    viewer.subscriber.deliver_shared(kOld, picture(12));
    CHECK(viewer.subscriber.place(kOld) == Place::Refreshing);
    REQUIRE(viewer.subscriber.claim(kOld, at(13)));
    viewer.subscriber.deliver_start(kOld, picture(13, true));

    CHECK(viewer.sink.ticks == std::vector<int>{9, 10, 13});
}

TEST_CASE("A lost picture asks for a start; until it comes the shared pictures go on") {
    Viewer viewer;
    viewer.subscriber.request_start();
    viewer.subscriber.request_start();

    viewer.subscriber.deliver_shared(kOld, picture(11));
    CHECK(viewer.subscriber.place(kOld) == Place::Refreshing);
    REQUIRE(viewer.subscriber.claim(kOld, at(12)));
    viewer.subscriber.deliver_start(kOld, picture(12, true));

    CHECK(viewer.subscriber.place(kOld) == Place::Following);
    CHECK(viewer.sink.ticks == std::vector<int>{9, 10, 11, 12});
}

TEST_CASE("A sink may ask for a start while it takes a picture") {
    Viewer viewer;
    viewer.sink.asked = &viewer.subscriber;

    viewer.subscriber.deliver_shared(kOld, picture(11));

    CHECK(viewer.subscriber.place(kOld) == Place::Refreshing);
}

TEST_CASE("After detach the sink is not called") {
    Viewer viewer;

    viewer.subscriber.detach();
    viewer.subscriber.deliver_shared(kOld, picture(11));
    viewer.subscriber.deliver_start(kOld, picture(12, true));

    CHECK(viewer.sink.ticks == std::vector<int>{9, 10});
    CHECK_FALSE(viewer.subscriber.attached_to(kOld));
}
