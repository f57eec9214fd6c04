#include "mixer/audio/packet_inbox.h"

#include <catch2/catch.hpp>
#include <thread>

using mixer::PacketInbox;

namespace {
void write(PacketInbox& inbox, std::uint16_t sequence) {
    const PacketInbox::Write write = inbox.begin_write();
    REQUIRE(write.slot != nullptr);
    write.slot->sequence = sequence;
    inbox.finish_write(*write.slot);
}
}  // namespace

TEST_CASE("PacketInbox gives packets in the order they came") {
    PacketInbox inbox;
    for (std::uint16_t i = 0; i < 200; ++i) {
        write(inbox, i);
        mixer::PacketSlot* slot = inbox.take();
        REQUIRE(slot != nullptr);
        CHECK(slot->sequence == i);
        inbox.give_back(*slot);
    }
    CHECK(inbox.take() == nullptr);
}

TEST_CASE("A full PacketInbox lets the oldest go, and says so") {
    PacketInbox inbox;
    for (std::uint16_t i = 0; i < PacketInbox::kSlots; ++i) write(inbox, i);

    const PacketInbox::Write write = inbox.begin_write();

    REQUIRE(write.slot != nullptr);
    CHECK(write.evicted);
    CHECK(inbox.take()->sequence == 1);
}

TEST_CASE("PacketInbox has nothing to write to while the taker holds every slot") {
    PacketInbox inbox;
    for (std::uint16_t i = 0; i < PacketInbox::kSlots; ++i) write(inbox, i);
    for (std::size_t i = 0; i < PacketInbox::kSlots; ++i) REQUIRE(inbox.take() != nullptr);

    CHECK(inbox.begin_write().slot == nullptr);
}

TEST_CASE("PacketInbox between two threads loses and doubles nothing but what it evicts") {
    PacketInbox inbox;
    constexpr int kPackets = 200'000;
    int evicted = 0;
    std::thread writer([&] {
        for (int i = 0; i < kPackets; ++i) {
            const PacketInbox::Write write = inbox.begin_write();
            if (write.slot == nullptr) std::terminate();
            evicted += write.evicted ? 1 : 0;
            write.slot->rtp_time = static_cast<std::uint32_t>(i);
            write.slot->payload_bytes = static_cast<std::size_t>(i % 1500);
            inbox.finish_write(*write.slot);
        }
    });
    int taken = 0;
    std::int64_t last = -1;
    bool ordered = true, whole = true;
    while (last < kPackets - 1) {  // the last one is never evicted
        mixer::PacketSlot* slot = inbox.take();
        if (slot == nullptr) {
            std::this_thread::yield();
            continue;
        }
        ++taken;
        ordered = ordered && slot->rtp_time > last;
        last = slot->rtp_time;
        whole = whole && slot->payload_bytes == slot->rtp_time % 1500;
        inbox.give_back(*slot);
    }
    writer.join();

    CHECK(ordered);
    CHECK(whole);
    CHECK(taken + evicted == kPackets);
}
