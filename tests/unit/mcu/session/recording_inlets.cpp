#include "tests/unit/mcu/session/recording_inlets.h"

#include <utility>

#include "tests/support/fake_clock.h"

namespace tests {

Recorded& recorded() {
    static Recorded everything;
    return everything;
}

std::unique_ptr<mixer::AudioPlayout> make_recording_playout() {
    return std::move(*mixer::AudioPlayout::create({}, {}));
}

namespace {

struct NoRequester final : mixer::KeyFrameRequester {
    void request_key_frame() override {}
};

struct RecordingDecoder final : mixer::VideoDecoder {
    tl::expected<mixer::FrameRef, mixer::VideoDecodeError> decode(
        const common::EncodedFrame& frame) override {
        recorded().frames.push_back(frame);
        return mixer::FrameRef();
    }
    [[nodiscard]] bool concealed() const override { return false; }
};

}  // namespace

std::unique_ptr<mixer::VideoDecodeLane> make_recording_lane(common::Executor& executor) {
    static NoRequester requester;
    static mixer::VideoPlayout playout;
    static mixer::FramePool frames(1 << 20);
    static FakeClock clock;
    return std::make_unique<mixer::VideoDecodeLane>(
        executor, clock, std::make_unique<RecordingDecoder>(), frames, playout, requester);
}

}  // namespace tests

namespace mixer {

using tests::recorded;

struct AudioPlayout::Impl {};
common::Result<std::unique_ptr<AudioPlayout>> AudioPlayout::create(
    Config, std::span<const common::AudioCodec>) {
    return std::unique_ptr<AudioPlayout>(new AudioPlayout(std::make_unique<Impl>()));
}
AudioPlayout::AudioPlayout(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AudioPlayout::~AudioPlayout() = default;
void AudioPlayout::push(const AudioPacket& packet) {
    recorded().sound.push_back({packet.codec,
                                packet.sequence,
                                packet.rtp_time,
                                packet.arrival,
                                {packet.payload.begin(), packet.payload.end()},
                                packet.said_dbfs});
}
std::optional<PlayoutPosition> AudioPlayout::position() const {
    return recorded().position;
}
void AudioPlayout::reset() {
    ++recorded().playout_resets;
}
bool AudioPlayout::pull(common::Timestamp, AudioFrame&) {
    return false;
}
AudioSource::Pulled AudioPlayout::pull_unheard(common::Timestamp, AudioFrame&) {
    return Pulled::Nothing;
}
AudioPlayoutCounters AudioPlayout::counters() const {
    return {};
}

}  // namespace mixer
