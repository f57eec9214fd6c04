#pragma once

#include <cstdint>

namespace common {

enum class VideoCodec : std::uint8_t { H264, Vp8 };
enum class AudioCodec : std::uint8_t { Opus, G722, Pcmu, Pcma };

/// RFC 6184 8.1. Only what we encode and are asked for; decoding takes what the bits say.
enum class H264Profile : std::uint8_t { ConstrainedBaseline, Main, High };

}  // namespace common
