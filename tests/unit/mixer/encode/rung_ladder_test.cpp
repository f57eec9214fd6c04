#include "mixer/encode/rung_ladder.h"

#include <catch2/catch.hpp>
#include <string>

using common::Bitrate;
using common::PictureSize;
using mixer::best_rung;
using mixer::default_rungs;
using mixer::Rung;
using mixer::rungs_for;
using mixer::StreamNeeds;

namespace {

std::vector<std::string> names(const std::vector<Rung>& rungs) {
    std::vector<std::string> result;
    for (const Rung& rung : rungs) result.push_back(rung.name);
    return result;
}

}  // namespace

TEST_CASE("A viewer without limits but the room's canvas may have every rung that fits it") {
    const auto rungs = rungs_for(default_rungs(), StreamNeeds{}, 30);

    REQUIRE(rungs);
    CHECK(names(*rungs) ==
          std::vector<std::string>{"720p30", "480p30", "360p30", "240p30", "180p15"});
    CHECK(rungs->front().bitrate == Bitrate::from_kbps(1000));
}

TEST_CASE("A peer's max-fs, max-mbps and bitrate each take away the rungs above them") {
    StreamNeeds needs;
    needs.max_frame_size_mbs = 1620;
    CHECK(names(*rungs_for(default_rungs(), needs, 30)).front() == "480p30");
    needs.max_macroblocks_per_second = 40500;  // level 3
    CHECK(names(*rungs_for(default_rungs(), needs, 30)).front() == "360p30");
    needs.max_bitrate = Bitrate::from_kbps(128);
    CHECK(names(*rungs_for(default_rungs(), needs, 30)).front() == "180p15");
}

TEST_CASE("A refusal names the limit that the smallest rung exceeds") {
    StreamNeeds needs;
    needs.max_bitrate = Bitrate::from_kbps(64);

    const auto rungs = rungs_for(default_rungs(), needs, 30);

    REQUIRE_FALSE(rungs);
    CHECK(rungs.error().message.find("180p15") != std::string::npos);
    CHECK(rungs.error().message.find("70000 bit/s where the peer takes 64000") !=
          std::string::npos);
}

TEST_CASE("Rungs shrink into the canvas limit, keep their aspect and their bits per pixel") {
    StreamNeeds needs;
    needs.max_size = {1024, 576};

    const auto rungs = rungs_for(default_rungs(), needs, 30);

    REQUIRE(rungs);
    CHECK(rungs->front().size == PictureSize{1024, 576});
    CHECK(rungs->front().bitrate == Bitrate::from_kbps(640));
    CHECK(rungs->at(1).size == PictureSize{848, 480});
}

TEST_CASE("A limit that is taller than wide has the rungs upright") {
    StreamNeeds needs;
    needs.max_size = {720, 1280};

    const auto rungs = rungs_for(default_rungs(), needs, 30);

    REQUIRE(rungs);
    CHECK(names(*rungs) ==
          std::vector<std::string>{"720p30", "480p30", "360p30", "240p30", "180p15"});
    CHECK(rungs->front().size == PictureSize{720, 1280});
    CHECK(rungs->back().size == PictureSize{180, 320});
}

TEST_CASE("Frame rates divide the tick rate") {
    const auto rungs = rungs_for(default_rungs(), StreamNeeds{}, 25);

    REQUIRE(rungs);
    CHECK(rungs->front().frames_per_second == 25);
    CHECK(rungs->back().frames_per_second == 5);
    CHECK(rungs->front().name == "720p25");
}

TEST_CASE("The best rung within a budget is chosen, and the smallest when none is") {
    const auto rungs = *rungs_for(default_rungs(), StreamNeeds{}, 30);

    CHECK(best_rung(rungs, std::nullopt).name == "720p30");
    CHECK(best_rung(rungs, Bitrate::from_kbps(999)).name == "480p30");
    CHECK(best_rung(rungs, Bitrate::from_kbps(1000)).name == "720p30");
    CHECK(best_rung(rungs, Bitrate::from_kbps(5)).name == "180p15");
}

TEST_CASE("Two rungs of one size in the table are both kept") {
    std::vector<Rung> table = default_rungs();
    table.insert(table.begin() + 2, table[1]);
    table[2].bitrate = Bitrate::from_kbps(700);

    const auto rungs = rungs_for(table, StreamNeeds{}, 30);

    REQUIRE(rungs);
    CHECK(rungs->at(0).bitrate == Bitrate::from_kbps(1000));
    CHECK(rungs->at(1).bitrate == Bitrate::from_kbps(700));
}

TEST_CASE("Rungs above a number of lines are left out, and the smallest stays") {
    const auto rungs = *rungs_for(default_rungs(), StreamNeeds{}, 30);

    CHECK(names(mixer::no_larger_than(rungs, 0)) == names(rungs));
    CHECK(names(mixer::no_larger_than(rungs, 480)).front() == "480p30");
    CHECK(names(mixer::no_larger_than(rungs, 100)) == std::vector<std::string>{"180p15"});
}

TEST_CASE("The lowest rung wished for is kept, and of the others those of most viewers") {
    const auto rungs = *rungs_for(default_rungs(), StreamNeeds{}, 30);
    const std::vector<mixer::RungWish> wishes{{.rung = rungs[0], .viewers = 1},
                                              {.rung = rungs[1], .viewers = 5},
                                              {.rung = rungs[2], .viewers = 2},
                                              {.rung = rungs[4], .viewers = 1}};

    CHECK(mixer::kept_rungs(wishes, 4).size() == 4);
    CHECK(mixer::kept_rungs(wishes, 2) == std::vector{rungs[1].bitrate, rungs[4].bitrate});
    CHECK(mixer::kept_rungs(wishes, 1) == std::vector{rungs[4].bitrate});
}
