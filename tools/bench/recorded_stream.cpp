#include "tools/bench/recorded_stream.h"

#include <fstream>
#include <iterator>

namespace bench {
namespace {

/// Does this NAL unit begin a picture, if the one before ended with a slice (H.264 7.4.1.2.3)?
/// What an encoder without arbitrary slice order writes: parameter sets, SEI and delimiters, or a
/// slice whose first macroblock is 0, whose Exp-Golomb code is a single 1 bit.
bool begins_picture(std::uint8_t header, std::uint8_t first_payload_byte) {
    const int type = header & 0x1f;
    if (type == 1 || type == 5) return (first_payload_byte & 0x80) != 0;
    return type >= 6 && type <= 9;
}

bool is_slice(std::uint8_t header) {
    const int type = header & 0x1f;
    return type == 1 || type == 5;
}

}  // namespace

common::Result<RecordedStream> RecordedStream::load(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    RecordedStream stream;
    stream.bytes_.assign(std::istreambuf_iterator<char>(in), {});
    const auto& bytes = stream.bytes_;
    bool slices_seen = true;
    for (std::size_t i = 0; i + 4 < bytes.size(); ++i) {
        if (bytes[i] != 0 || bytes[i + 1] != 0 || bytes[i + 2] != 1) continue;
        if (slices_seen && begins_picture(bytes[i + 3], bytes[i + 4])) {
            // A start code of four bytes begins one earlier.
            const std::size_t begin = i > 0 && bytes[i - 1] == 0 ? i - 1 : i;
            if (!stream.pictures_.empty()) {
                Picture& before = stream.pictures_.back();
                before.bytes = begin - before.offset;
            }
            stream.pictures_.push_back({begin, 0});
            slices_seen = false;
        }
        slices_seen = slices_seen || is_slice(bytes[i + 3]);
        i += 3;
    }
    if (stream.pictures_.empty()) {
        return common::fail(common::ErrorCode::InvalidArgument, "no picture in '" + file + "'");
    }
    stream.pictures_.back().bytes = bytes.size() - stream.pictures_.back().offset;
    return stream;
}

}  // namespace bench
