#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace mixer {

/// Decoded samples on their way to the tick, in one piece of memory made at creation.
class SampleFifo {
  public:
    explicit SampleFifo(std::size_t capacity);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    /// Room after the last sample, to write into; then `grow` by what was written.
    [[nodiscard]] std::span<float> room() { return std::span(samples_).subspan(size_); }
    void grow(std::size_t count);
    /// The last `count` samples.
    [[nodiscard]] std::span<float> last(std::size_t count);
    /// Moves the first samples out; `out` must not be longer than `size`.
    void pop(std::span<float> out);
    /// Leaves the first `count` samples out; no glide.
    void drop(std::size_t count);
    /// Leaves out `count` samples at the front: what is there glides into what comes after them.
    /// Needs `count` plus the length of the glide.
    void skip(std::size_t count);
    /// Says the first `count` samples twice: they glide into themselves. Needs as much as `skip`,
    /// and room for `count` more.
    void repeat(std::size_t count);
    /// The samples from the front on.
    [[nodiscard]] std::span<const float> view() const { return std::span(samples_).first(size_); }
    void clear() { size_ = 0; }

    static constexpr std::size_t kGlideSamples = 240;  // 5 ms

  private:
    std::vector<float> samples_;
    std::size_t size_ = 0;
};

/// Mixes `before` out and `samples` in, over the length of `before`, in place in `samples`.
void glide(std::span<const float> before, std::span<float> samples);

}  // namespace mixer
