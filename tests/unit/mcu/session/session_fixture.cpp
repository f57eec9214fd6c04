#include "tests/unit/mcu/session/session_fixture.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace tests {

namespace {

void put_u16(Bytes& out, std::uint32_t value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}
void put_u32(Bytes& out, std::uint32_t value) {
    put_u16(out, value >> 16);
    put_u16(out, value & 0xffff);
}
std::uint32_t get(const Bytes& in, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8 | in[at + i];
    return value;
}

}  // namespace

Bytes RtpOnWire::bytes() const {
    Bytes out{0x80, static_cast<std::uint8_t>((marker ? 0x80 : 0) | payload_type)};
    put_u16(out, sequence);
    put_u32(out, rtp_time);
    put_u32(out, ssrc);
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
}

std::optional<RtpOnWire> RtpOnWire::read(const Bytes& in) {
    if (in.size() < 12 || in[0] != 0x80) return std::nullopt;
    return RtpOnWire{.payload_type = static_cast<std::uint8_t>(in[1] & 0x7f),
                     .marker = (in[1] & 0x80) != 0,
                     .sequence = static_cast<std::uint16_t>(get(in, 2, 2)),
                     .rtp_time = get(in, 4, 4),
                     .ssrc = get(in, 8, 4),
                     .payload = Bytes(in.begin() + 12, in.end())};
}

SessionFixture::SessionFixture(const std::string& local_address) {
    recorded() = {};
    ports = std::move(*mcu::UdpPortRange::create(23000, 23199));
    auto made = mcu::Session::create({.id = "s",
                                      .local_address = local_address,
                                      .cname = "us@test",
                                      .seed = 7,
                                      .identity = identity.get()},
                                     net, *ports, clock, observer);
    REQUIRE(made);
    session = std::move(*made);
    session->set_inlets({playout.get(), lane.get()});
}

SessionFixture::~SessionFixture() {
    session.reset();
    lane->close();
}

mcu::MediaConfig SessionFixture::audio(common::AudioCodec codec, const PeerPorts* peer) {
    using common::AudioCodec;
    mcu::MediaConfig config;
    config.mid = "a";
    config.kind = mcu::MediaKind::Audio;
    if (peer != nullptr) config.peer = peer->address();
    config.receive = {{.payload_type = kOpus, .audio = AudioCodec::Opus},
                      {.payload_type = kPcmu, .audio = AudioCodec::Pcmu},
                      {.payload_type = kG722, .audio = AudioCodec::G722}};
    config.sends = true;
    config.send = *std::ranges::find_if(config.receive,
                                        [&](const auto& format) { return format.audio == codec; });
    config.telephone_event_pt = kEvent;
    return config;
}

mcu::MediaConfig SessionFixture::video(const PeerPorts* peer, int packetization_mode) {
    mcu::MediaConfig config;
    config.mid = "v";
    config.kind = mcu::MediaKind::Video;
    if (peer != nullptr) config.peer = peer->address();
    config.send = {
        .payload_type = kH264,
        .fmtp = "profile-level-id=42e01f;packetization-mode=" + std::to_string(packetization_mode)};
    config.receive = {config.send};
    config.sends = true;
    config.feedback_pli = true;
    return config;
}

mcu::MediaConfig SessionFixture::vp8(const PeerPorts* peer) {
    mcu::MediaConfig config = video(peer);
    config.send = {.payload_type = kVp8, .video = common::VideoCodec::Vp8, .fmtp = "max-fs=3600"};
    config.receive = {config.send};
    return config;
}

std::vector<mcu::LocalMedia> SessionFixture::configure(
    const std::vector<mcu::MediaConfig>& media, const std::optional<mcu::BundleConfig>& bundle) {
    auto local = session->configure(media, bundle);
    if (!local) FAIL(local.error().message);
    net.run_ready();
    return *local;
}

void SessionFixture::pass(common::Duration time) {
    for (common::Duration passed{}; passed < time; passed += 1ms) {
        clock.advance(1ms);
        net.run_ready();
        executor.run_all();
    }
}

void SessionFixture::send(const UdpPeer& from, const Bytes& datagram, std::uint16_t to_port) {
    from.send(datagram, to_port);  // loopback: it is there when the call returns
    net.run_ready();
    executor.run_all();
}

std::vector<Bytes> SessionFixture::drain(UdpPeer& peer) {
    std::vector<Bytes> all;
    while (std::optional<Bytes> datagram = peer.receive()) {
        if (!datagram->empty()) all.push_back(std::move(*datagram));
    }
    return all;
}

std::vector<RtpOnWire> SessionFixture::drain_rtp(UdpPeer& peer) {
    std::vector<RtpOnWire> all;
    for (const Bytes& datagram : drain(peer)) {
        const bool rtcp = datagram.size() > 1 && datagram[1] >= 192 && datagram[1] <= 223;
        if (rtcp) continue;
        const std::optional<RtpOnWire> packet = RtpOnWire::read(datagram);
        REQUIRE(packet);
        all.push_back(*packet);
    }
    return all;
}

mcu::StreamCounters SessionFixture::counters(std::size_t medium) const {
    return session->counters().at(medium);
}

void SessionFixture::tick_audio(const Bytes& payload) {
    session->audio_sink().on_audio(payload, clock.now());
    net.run_ready();
    pass(20ms);
}

void SessionFixture::picture(const mixer::EncodedPictureRef& picture) {
    session->picture_sink().on_picture(picture);
    net.run_ready();
}

mixer::EncodedPictureRef make_picture(bool key, const std::vector<std::size_t>& sizes,
                                      common::Timestamp media_time, std::uint64_t rendition) {
    auto picture = std::make_shared<mixer::EncodedPicture>();
    picture->media_time = media_time;
    picture->key = key;
    picture->rendition = rendition;
    std::size_t total = 0;
    for (const std::size_t size : sizes) total += size;
    picture->storage.assign(total, 0x55);
    std::size_t at = 0;
    for (const std::size_t size : sizes) {
        picture->storage[at] = key ? 0x65 : 0x41;
        picture->nals.push_back(std::span(picture->storage).subspan(at, size));
        at += size;
    }
    return picture;
}

std::vector<std::pair<int, Bytes>> rtcp_packets(const Bytes& compound) {
    std::vector<std::pair<int, Bytes>> packets;
    std::size_t at = 0;
    while (at + 4 <= compound.size()) {
        const std::size_t bytes = (get(compound, at + 2, 2) + 1) * 4;
        REQUIRE(at + bytes <= compound.size());
        const auto begin = compound.begin() + static_cast<std::ptrdiff_t>(at);
        packets.emplace_back(compound[at + 1],
                             Bytes(begin, begin + static_cast<std::ptrdiff_t>(bytes)));
        at += bytes;
    }
    return packets;
}

int count_rtcp(const std::vector<Bytes>& compounds, int type, int format) {
    int count = 0;
    for (const Bytes& compound : compounds) {
        for (const auto& [packet_type, bytes] : rtcp_packets(compound)) {
            if (packet_type == type && (format < 0 || (bytes[0] & 0x1f) == format)) ++count;
        }
    }
    return count;
}

}  // namespace tests
