#include "mcu/rtp/rtcp/transport_feedback.h"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "tests/unit/mcu/rtp/test_packets.h"

using namespace mcu;
using namespace std::chrono_literals;
using common::Duration;
using common::Timestamp;
using tests::Bytes;

namespace {

using Statuses = std::vector<std::optional<Timestamp>>;

constexpr std::size_t kPlenty = 100'000;

struct Written {
    Bytes bytes;
    std::size_t told = 0;
};

Written write(const Statuses& statuses, std::size_t most_bytes = kPlenty,
              std::uint16_t base = 65530) {
    Written written;
    common::ByteWriter writer(written.bytes);
    TransportFeedback fields;
    fields.sender_ssrc = 1;
    fields.media_ssrc = 2;
    fields.base_sequence = base;
    fields.number = 9;
    written.told = write_transport_feedback(fields, statuses, most_bytes, writer);
    return written;
}

std::optional<TransportFeedback> parse(const Bytes& packet) {
    return TransportFeedback::parse({.count_or_format = TransportFeedback::kFormat,
                                     .type = 205,
                                     .body = std::span(packet).subspan(kRtcpHeaderBytes)});
}

struct Status {
    std::uint16_t sequence;
    std::optional<Duration> arrival;
};

std::vector<Status> statuses_of(const TransportFeedback& feedback) {
    std::vector<Status> all;
    feedback.for_each([&](std::uint16_t sequence, auto arrival) {
        all.push_back({sequence, arrival});
    });
    return all;
}

Timestamp at(Duration time) {
    return Timestamp::from_ns(time.count());
}

/// Everything told is read again, to the tick.
void check_round_trip(const Statuses& statuses) {
    const Written written = write(statuses);
    REQUIRE(written.told == statuses.size());
    REQUIRE(written.bytes.size() % 4 == 0);
    const auto parsed = parse(written.bytes);
    REQUIRE(parsed.has_value());
    const auto read = statuses_of(*parsed);
    REQUIRE(read.size() == statuses.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
        REQUIRE(read[i].sequence == static_cast<std::uint16_t>(65530 + i));
        REQUIRE(read[i].arrival.has_value() == statuses[i].has_value());
        if (!statuses[i]) continue;
        const Duration off = *read[i].arrival - statuses[i]->since_epoch();
        REQUIRE(std::chrono::abs(off) <= TransportFeedback::kTick / 2);
    }
}

}  // namespace

TEST_CASE("Transport feedback stands on the wire as its draft says") {
    const Written written =
        write({at(640ms + 1ms), at(640ms + 2ms), std::nullopt, at(640ms + 102ms)});
    CHECK(written.told == 4);
    CHECK(written.bytes == Bytes{
                               0x8f, 205,  0x00, 0x06, 0, 0, 0, 1, 0, 0, 0, 2,  //
                               0xff, 0xfa, 0x00, 0x04,                          // 65530, four
                               0x00, 0x00, 0x0a, 0x09,                          // 10 * 64 ms, 9th
                               0xd4, 0x80,              // 01 01 00 10 in pairs
                               4,    4,    0x01, 0x90,  // 1, 1 and 100 ms
                               0,    0,
                           });
    const auto parsed = parse(written.bytes);
    REQUIRE(parsed.has_value());
    CHECK(parsed->sender_ssrc == 1);
    CHECK(parsed->media_ssrc == 2);
    CHECK(parsed->number == 9);
    CHECK(parsed->reference_time == 10);
}

TEST_CASE("Whatever came, in whatever order, is read as it was written") {
    std::mt19937 random(7);
    const auto chance = [&](double share) {
        return std::uniform_real_distribution<>(0, 1)(random) < share;
    };
    for (const double loss : {0.0, 0.02, 0.3, 0.95}) {
        for (const Duration step : {Duration(300us), Duration(5ms), Duration(70ms)}) {
            Statuses statuses{at(5s)};
            Timestamp now = at(5s);
            for (int i = 0; i < 400; ++i) {
                now += step;
                const Duration overtaken = chance(0.1) ? Duration(-3 * step) : Duration(0);
                statuses.push_back(chance(loss) ? std::nullopt : std::optional(now + overtaken));
            }
            statuses.push_back(now);
            check_round_trip(statuses);
        }
    }
    Statuses gap(2000, std::nullopt);
    gap.front() = at(1s);
    gap.back() = at(2s);
    check_round_trip(gap);
    CHECK(write(gap).bytes.size() <= 40);
}

TEST_CASE("What does not fit is left for the next packet") {
    Statuses statuses;
    for (int i = 0; i < 1000; ++i) statuses.push_back(at(1s + i * 70ms));
    const Written written = write(statuses, 300);
    CHECK(written.bytes.size() <= 300);
    CHECK(written.told > 80);
    CHECK(parse(written.bytes)->status_count == written.told);
}

TEST_CASE("A pause beyond 16 bits of ticks ends a packet") {
    CHECK(write({at(1s), at(2s), at(11s)}).told == 2);
}

TEST_CASE("When nothing came there is nothing to tell") {
    const Written written = write({std::nullopt, std::nullopt});
    CHECK(written.told == 0);
    CHECK(written.bytes.empty());
}

TEST_CASE("The reference time goes round") {
    const Duration late = TransportFeedback::kTimeCircle + 640ms;
    const auto parsed = parse(write({at(late)}).bytes);
    REQUIRE(parsed.has_value());
    CHECK(parsed->reference_time == 10);
}

TEST_CASE("Feedback whose chunks or deltas are missing makes no sense") {
    const Bytes head{0x8f, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 16};
    const auto with = [&](const Bytes& rest) {
        Bytes all = head;
        all.insert(all.end(), rest.begin(), rest.end());
        return parse(all);
    };
    CHECK(with({0, 2, 0, 0, 1, 0, 0x20, 0x02, 4, 4}).has_value());
    CHECK_FALSE(with({0, 2, 0, 0, 1}).has_value());                    // no whole header
    CHECK_FALSE(with({0, 0, 0, 0, 1, 0}).has_value());                 // tells of nothing
    CHECK_FALSE(with({0x80, 1, 0, 0, 1, 0, 0x1f, 0xff}).has_value());  // more than a half circle
    CHECK_FALSE(with({0, 2, 0, 0, 1, 0, 0x20, 0x01, 4}).has_value());  // one status of two
    CHECK_FALSE(with({0, 2, 0, 0, 1, 0, 0x20, 0x02, 4}).has_value());  // one delta of two
    CHECK_FALSE(with({0, 1, 0, 0, 1, 0, 0x60, 0x01, 4, 4, 4}).has_value());  // a reserved symbol
    CHECK_FALSE(with({0, 1, 0, 0, 1, 0, 0xf0, 0x00, 4, 4, 4}).has_value());  // in a vector too
    CHECK_FALSE(with({0, 1, 0, 0, 1, 0, 0x20, 0x00, 4}).has_value());        // a run of nothing
}

TEST_CASE("A run longer than what is left ends where that ends") {
    Bytes packet{0x8f, 205, 0, 0, 0, 0, 0, 1, 0,    0,    0, 2,
                 0,    16,  0, 2, 0, 0, 1, 0, 0x3f, 0xff, 4, 4};
    const auto parsed = parse(packet);
    REQUIRE(parsed.has_value());
    CHECK(statuses_of(*parsed).size() == 2);
}
