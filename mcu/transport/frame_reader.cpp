#include "mcu/transport/frame_reader.h"

#include <algorithm>

namespace mcu {

std::span<std::uint8_t> FrameReader::room() {
    std::copy(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_),
              bytes_.begin() + static_cast<std::ptrdiff_t>(end_), bytes_.begin());
    end_ -= begin_;
    begin_ = 0;
    return std::span(bytes_).subspan(end_);
}

std::optional<std::span<std::uint8_t>> FrameReader::next() {
    while (!broken_ && end_ - begin_ >= kFrameHeaderBytes) {
        const std::size_t bytes = std::size_t{bytes_[begin_]} << 8U | bytes_[begin_ + 1];
        if (bytes > ReceiveBatch::kDatagramBytes) {
            broken_ = true;
            break;
        }
        if (end_ - begin_ < kFrameHeaderBytes + bytes) break;
        const auto frame = std::span(bytes_).subspan(begin_ + kFrameHeaderBytes, bytes);
        begin_ += kFrameHeaderBytes + bytes;
        if (bytes > 0) return frame;
    }
    return std::nullopt;
}

}  // namespace mcu
