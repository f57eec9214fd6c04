#include "mixer/audio/sample_fifo.h"

#include <algorithm>
#include <array>

#include "common/invariant.h"

namespace mixer {

SampleFifo::SampleFifo(std::size_t capacity) : samples_(capacity) {}

void SampleFifo::grow(std::size_t count) {
    INVARIANT(size_ + count <= samples_.size());
    size_ += count;
}

std::span<float> SampleFifo::last(std::size_t count) {
    INVARIANT(count <= size_);
    return std::span(samples_).subspan(size_ - count, count);
}

void SampleFifo::pop(std::span<float> out) {
    INVARIANT(out.size() <= size_);
    std::copy_n(samples_.begin(), out.size(), out.begin());
    drop(out.size());
}

void SampleFifo::drop(std::size_t count) {
    INVARIANT(count <= size_);
    std::copy(samples_.begin() + static_cast<std::ptrdiff_t>(count),
              samples_.begin() + static_cast<std::ptrdiff_t>(size_), samples_.begin());
    size_ -= count;
}

void SampleFifo::skip(std::size_t count) {
    INVARIANT(count + kGlideSamples <= size_);
    const std::span<float> all(samples_);
    glide(all.first(kGlideSamples), all.subspan(count, kGlideSamples));
    std::copy(samples_.begin() + static_cast<std::ptrdiff_t>(count),
              samples_.begin() + static_cast<std::ptrdiff_t>(size_), samples_.begin());
    size_ -= count;
}

void SampleFifo::repeat(std::size_t count) {
    INVARIANT(count + kGlideSamples <= size_ && size_ + count <= samples_.size());
    const auto begin = samples_.begin();
    const auto shift = static_cast<std::ptrdiff_t>(count);
    // What follows the first saying, for as long as it takes to fade into the second.
    std::array<float, kGlideSamples> after;
    std::copy_n(begin + shift, kGlideSamples, after.begin());
    std::copy_backward(begin, begin + static_cast<std::ptrdiff_t>(size_),
                       begin + static_cast<std::ptrdiff_t>(size_ + count));
    size_ += count;
    glide(after, std::span(samples_).subspan(count, kGlideSamples));
}

void glide(std::span<const float> before, std::span<float> samples) {
    const std::size_t length = std::min(before.size(), samples.size());
    for (std::size_t i = 0; i < length; ++i) {
        const float in = (static_cast<float>(i) + 0.5F) / static_cast<float>(length);
        samples[i] = before[i] * (1 - in) + samples[i] * in;
    }
}

}  // namespace mixer
