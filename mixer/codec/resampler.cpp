#include "mixer/codec/resampler.h"

#include <speex/speex_resampler.h>

#include <string>

#include "common/invariant.h"

namespace mixer {

struct Resampler::State {
    SpeexResamplerState* speex = nullptr;
    std::size_t from_hz = 0;
    std::size_t to_hz = 0;

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (speex != nullptr) speex_resampler_destroy(speex);
    }
};

Resampler::Resampler(std::unique_ptr<State> state) : state_(std::move(state)) {}
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;
Resampler::~Resampler() = default;

common::Result<Resampler> Resampler::create(int from_hz, int to_hz) {
    INVARIANT(from_hz > 0 && to_hz > 0 && (from_hz % to_hz == 0 || to_hz % from_hz == 0));
    auto state = std::make_unique<State>();
    int error = RESAMPLER_ERR_SUCCESS;
    state->speex = speex_resampler_init(1, static_cast<spx_uint32_t>(from_hz),
                                        static_cast<spx_uint32_t>(to_hz),
                                        SPEEX_RESAMPLER_QUALITY_DESKTOP, &error);
    if (state->speex == nullptr) {
        return common::fail(common::ErrorCode::Internal,
                            std::string("make a resampler: ") + speex_resampler_strerror(error));
    }
    state->from_hz = static_cast<std::size_t>(from_hz);
    state->to_hz = static_cast<std::size_t>(to_hz);
    return Resampler(std::move(state));
}

std::size_t Resampler::process(std::span<const float> in, std::span<float> out) {
    const std::size_t expected = in.size() * state_->to_hz / state_->from_hz;
    INVARIANT(out.size() >= expected);
    std::size_t read = 0;
    std::size_t written = 0;
    // Speex works in blocks of its own choosing and may stop between two.
    while (read < in.size()) {
        auto in_count = static_cast<spx_uint32_t>(in.size() - read);
        auto out_count = static_cast<spx_uint32_t>(expected - written);
        speex_resampler_process_float(state_->speex, 0, in.data() + read, &in_count,
                                      out.data() + written, &out_count);
        read += in_count;
        written += out_count;
        if (in_count == 0 && out_count == 0) break;
    }
    return written;
}

void Resampler::reset() {
    speex_resampler_reset_mem(state_->speex);
}

}  // namespace mixer
