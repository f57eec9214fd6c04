#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "common/encoded_frame.h"
#include "mcu/rtp/picture_completion.h"

namespace mcu {

enum class Vp8PayloadError : std::uint8_t {
    Truncated,     ///< the descriptor does not end, or nothing follows it
    NoStart,       ///< the first payload of the picture does not begin one
    AnotherStart,  ///< a later one does
    TooLarge,      ///< the picture is over kMaxPictureBytes
};

/// Puts the payloads of one VP8 picture (RFC 7741) together.
///
/// Use: `begin(frame)`, `add` each payload in order, `finish`. A picture with a failed `add` is to
/// be dropped. Sets `codec`, `key_frame` and `bytes` of the frame and nothing else. Reuses the
/// vector: allocates only while it grows. Picture ids and layers are read past: sequence numbers
/// say what is missing, and whoever sends layers sends us all of them.
class Vp8Depacketizer {
  public:
    using Completion = PictureCompletion;

    static constexpr std::size_t kMaxPictureBytes = 4 * 1024 * 1024;

    struct Counters {
        std::uint64_t bad_payloads = 0;  ///< all of Vp8PayloadError
        std::uint64_t bad_pictures = 0;  ///< their frame tag or start code is wrong
        std::uint64_t empty_pictures = 0;
    };

    void begin(common::EncodedFrame& frame);
    [[nodiscard]] tl::expected<void, Vp8PayloadError> add(std::span<const std::uint8_t> payload);
    /// Unless Picture the frame is void.
    [[nodiscard]] Completion finish();

    /// A key frame was there: something can be predicted from, right or wrong.
    [[nodiscard]] bool has_references() const { return has_references_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    tl::expected<void, Vp8PayloadError> add_any(std::span<const std::uint8_t> payload);

    common::EncodedFrame* frame_ = nullptr;
    bool has_references_ = false;
    Counters counters_;
};

/// Whether a payload is the first of its picture: it begins partition 0.
[[nodiscard]] bool vp8_starts_picture(std::span<const std::uint8_t> payload);

}  // namespace mcu
