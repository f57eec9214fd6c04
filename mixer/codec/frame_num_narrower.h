#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mixer {

/// Writes a stream anew with a frame_num of four bits (MaxFrameNum 16, H.264 7.4.2.1.1). x264
/// makes it as wide as an intra refresh takes pictures, and frame_num, where a splice fits, would
/// come round to 0 only every four seconds.
///
/// Shape:  what x264 writes for us: progressive, one reference, picture order by type 2,
///         no weights, no reordering, no memory management; CAVLC or CABAC. Anything else is
///         refused.
/// Thread: one at a time. Allocates only until its buffers are as large as the largest picture.
class FrameNumNarrower {
  public:
    using Nals = std::span<const std::span<const std::uint8_t>>;

    /// Takes one picture's NAL units without start codes. The result is valid until the next call,
    /// and as long as `nals` are. Empty when the stream has another shape.
    [[nodiscard]] Nals narrow(Nals nals);

  private:
    class Bits;
    [[nodiscard]] bool append(std::span<const std::uint8_t> nal);
    [[nodiscard]] bool rewrite_sps(Bits& in);
    [[nodiscard]] bool read_pps(Bits& in);
    [[nodiscard]] bool rewrite_slice(Bits& in, int nal_type);
    void unescape(std::span<const std::uint8_t> nal);
    void escape();

    int surplus_bits_ = 0;  ///< so many bits is frame_num wider than four
    bool cabac_ = false;
    bool deblocking_control_ = false;
    std::vector<std::uint8_t> in_, out_;  ///< a NAL unit without emulation prevention
    std::vector<std::uint8_t> bytes_;     ///< the picture's, with it
    std::vector<std::size_t> ends_;
    std::vector<std::span<const std::uint8_t>> nals_;
};

}  // namespace mixer
