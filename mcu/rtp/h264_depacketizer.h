#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "common/encoded_frame.h"
#include "mcu/rtp/h264_parameter_sets.h"
#include "mcu/rtp/picture_completion.h"

namespace mcu {

enum class H264PayloadError : std::uint8_t {
    Empty,
    ForbiddenBit,     ///< F is set: the sender or a gateway knows it is broken
    UnsupportedType,  ///< STAP-B, MTAP, FU-B (interleaved mode, which we never offer) and undefined
                      ///< types
    BadAggregate,     ///< a STAP-A whose sizes do not add up
    BadFragment,      ///< an FU-A without its start, after its end, or of another NAL unit
    TooLarge,         ///< the picture is over kMaxPictureBytes
    RefusedParameterSet  ///< see H264ParameterSets::refusal
};

/// Puts the payloads of one picture (RFC 6184, modes 0 and 1) together as Annex B.
///
/// Use: `begin(frame)`, `add` each payload in order, `finish`. A picture with a failed `add` is to
/// be dropped. Sets `codec`, `key_frame` and `bytes` of the frame and nothing else. Reuses the
/// vector: allocates only while it grows. Parameter sets seen in the stream or told by signalling
/// go before an IDR picture that brings none.
class H264Depacketizer {
  public:
    using Completion = PictureCompletion;

    static constexpr std::size_t kMaxPictureBytes = 4 * 1024 * 1024;

    struct Counters {
        std::uint64_t bad_payloads = 0;  ///< all of H264PayloadError
        std::uint64_t unsupported = 0;   ///< of these: STAP-B, MTAP, FU-B
        std::uint64_t empty_pictures = 0;
    };

    explicit H264Depacketizer(H264ParameterSets parameter_sets = {})
        : parameter_sets_(std::move(parameter_sets)) {}

    void begin(common::EncodedFrame& frame);
    [[nodiscard]] tl::expected<void, H264PayloadError> add(std::span<const std::uint8_t> payload);
    /// Unless Picture the frame is void; parameter sets it brought are kept.
    [[nodiscard]] Completion finish();

    [[nodiscard]] const H264ParameterSets& parameter_sets() const { return parameter_sets_; }
    H264ParameterSets& parameter_sets() { return parameter_sets_; }
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    tl::expected<void, H264PayloadError> add_any(std::span<const std::uint8_t> payload);
    tl::expected<void, H264PayloadError> add_nal(std::span<const std::uint8_t> nal);
    tl::expected<void, H264PayloadError> add_stap_a(std::span<const std::uint8_t> units);
    tl::expected<void, H264PayloadError> add_fu_a(std::span<const std::uint8_t> payload);
    tl::expected<void, H264PayloadError> note_nal(std::span<const std::uint8_t> nal);
    [[nodiscard]] bool fits(std::size_t more_bytes) const;

    H264ParameterSets parameter_sets_;
    common::EncodedFrame* frame_ = nullptr;
    bool has_slice_ = false, has_idr_ = false, has_sps_ = false, has_pps_ = false;
    bool in_fragment_ = false;
    std::uint8_t fragment_header_ = 0;
    std::size_t fragment_start_ = 0;  ///< of the NAL unit in frame_->bytes
    Counters counters_;
};

/// Whether a payload is the first of its picture for certain: SPS, delimiter, or a slice whose
/// first macroblock is 0. After a gap, a picture that begins so is whole although the packet before
/// it never came.
[[nodiscard]] bool h264_starts_picture(std::span<const std::uint8_t> payload);

}  // namespace mcu
