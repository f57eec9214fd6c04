#include "signaling/conference/key_renewal.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using common::Timestamp;
using signaling::KeyRenewal;

namespace {

constexpr Timestamp kBegin = Timestamp() + 1h;

/// A peer that reported on us before the media daemon began anew, and agreed to new keys then.
KeyRenewal renewed(bool reported_before = true) {
    KeyRenewal renewal;
    renewal.heard(100, reported_before);
    renewal.begin_anew();
    renewal.agreed(kBegin);
    return renewal;
}

}  // namespace

TEST_CASE("Before new keys were agreed on nobody is complained of") {
    KeyRenewal renewal;
    renewal.heard(0, false);
    CHECK_FALSE(renewal.complaint(kBegin + 24h));
    renewal.begin_anew();
    CHECK_FALSE(renewal.complaint(kBegin + 24h));
}

TEST_CASE("A peer of which nothing authenticates under new keys is complained of after 10 s") {
    KeyRenewal renewal = renewed();

    CHECK_FALSE(renewal.complaint(kBegin + 9s));
    CHECK(renewal.complaint(kBegin + 10s) == "nothing came under the new keys");
    renewal.heard(1, true);
    CHECK_FALSE(renewal.complaint(kBegin + 10s));
}

TEST_CASE("A peer that reported before, and nothing since new keys, is deaf") {
    KeyRenewal renewal = renewed();
    renewal.heard(500, false);

    CHECK_FALSE(renewal.complaint(kBegin + 24s));
    CHECK(renewal.complaint(kBegin + 25s) ==
          "it reports nothing of what is sent under the new keys");
    renewal.heard(600, true);
    CHECK_FALSE(renewal.complaint(kBegin + 1h));
}

TEST_CASE("A peer that never reported is not called deaf") {
    KeyRenewal renewal = renewed(false);
    renewal.heard(500, false);

    CHECK_FALSE(renewal.complaint(kBegin + 1h));
}

TEST_CASE("What it reported is remembered when the media daemon dies twice") {
    KeyRenewal renewal = renewed();
    renewal.begin_anew();
    CHECK_FALSE(renewal.complaint(kBegin + 1h));
    renewal.agreed(kBegin + 1h);
    renewal.heard(500, false);

    CHECK(renewal.complaint(kBegin + 1h + 25s));
}

TEST_CASE("On hold the time does not run") {
    KeyRenewal renewal = renewed();
    renewal.pause(kBegin + 1h);

    CHECK_FALSE(renewal.complaint(kBegin + 1h + 9s));
    CHECK(renewal.complaint(kBegin + 1h + 10s));
}
