#pragma once

#include <string>

#include "common/units.h"
#include "mcu/session/media_config.h"
#include "mixer/codec/audio_codec.h"
#include "mixer/encode/encoder_stage.h"

namespace mcu {

/// What the peer's SDP parameters mean for the encoders. Pure.

/// RFC 7587 6.1 (Opus: maxaveragebitrate, useinbandfec, usedtx); G.711 and G.722 have nothing to
/// choose. `bandwidth` is the medium's b= (0: not limited): Opus keeps within it, headers included,
/// in a few steps, so that listeners with nearly the same limit share an encoder. Below 22 kbit/s
/// Opus has nothing to give.
[[nodiscard]] mixer::AudioFormat audio_format(const PayloadFormat& send,
                                              common::Bitrate bandwidth = {});

/// RFC 6184 8.1: profile-level-id gives the level's limits, max-fs, max-mbps and max-br raise them;
/// packetization-mode 0 limits slices to a packet; the SDP bandwidth caps the bitrate, less what
/// the sound takes. VP8: max-fs and max-fr, and the bandwidth.
[[nodiscard]] mixer::StreamNeeds stream_needs(const MediaConfig& video,
                                              common::PictureSize max_size);

/// What is left for pictures of a limit that counts all headers: of b=, or of a TMMBR. Never 0,
/// which means no limit elsewhere.
[[nodiscard]] common::Bitrate picture_share(common::Bitrate with_headers);

/// The other way: what pictures of this bitrate take with all headers.
[[nodiscard]] common::Bitrate with_headers(common::Bitrate picture);

/// What sound of this format takes with all headers, 50 packets a second.
[[nodiscard]] common::Bitrate rate_on_wire(const mixer::AudioFormat& sound);

/// What a path leaves for sound beside such a picture (both with headers), but never less than
/// speech needs.
[[nodiscard]] common::Bitrate beside_picture(common::Bitrate path, common::Bitrate picture);

/// As in SDP: "opus", "G722", "PCMU", "PCMA"; "H264", "VP8".
[[nodiscard]] std::string codec_name(common::AudioCodec codec);
[[nodiscard]] std::string codec_name(common::VideoCodec codec);

}  // namespace mcu
