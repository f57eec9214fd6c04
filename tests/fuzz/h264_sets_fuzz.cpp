// Parameter sets: as a NAL unit, in an access unit, as sprop-parameter-sets, and as a whole fmtp.
// Covers: subprojects/common/common/h264_sps.cpp subprojects/common/common/rbsp_reader.cpp
// Covers: subprojects/common/common/h264_profile_level_id.cpp mcu/rtp/h264_parameter_sets.cpp
// Covers: mcu/rtp/h264_fmtp.cpp mixer/codec/coded_size.cpp

#include <string_view>

#include "common/h264_sps.h"
#include "mcu/rtp/h264_fmtp.h"
#include "mcu/rtp/h264_parameter_sets.h"
#include "mixer/codec/coded_size.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

void check(const mcu::H264ParameterSets& sets) {
    if (const auto& sps = sets.sps()) {
        FUZZ_EXPECT(sps->size.width > 0 && sps->size.height > 0);
        FUZZ_EXPECT(sps->coded.width * sps->coded.height <= 1920 * 1088);
    }
    if (sets.refused_count() > 0) FUZZ_EXPECT(!describe(*sets.refusal()).empty());
    std::vector<std::uint8_t> frame;
    sets.prepend_to(frame);
    FUZZ_EXPECT(!sets.complete() || frame.size() > 8);
}

void check_announced(std::span<const std::uint8_t> bytes) {
    const auto announced = mixer::largest_coded_size(bytes);
    if (announced) FUZZ_EXPECT(announced->width >= 16 && announced->height >= 16);
    if (announced) FUZZ_EXPECT(announced->width <= 65536 && announced->height <= 131072);
    // No set is taken whose size its guard could not read.
    if (const auto sps = common::parse_sps(bytes)) {
        FUZZ_EXPECT(common::read_coded_size(bytes) == sps->coded);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    check_announced({data, size});
    mcu::H264ParameterSets from_stream;
    if (from_stream.add({data, size})) FUZZ_EXPECT(from_stream.add({data, size}));
    check(from_stream);

    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto fmtp = mcu::H264Fmtp::parse(text)) {
        mcu::H264ParameterSets from_signalling;
        from_signalling.add_sprop(fmtp->sprop_parameter_sets);
        check(from_signalling);
        FUZZ_EXPECT(fmtp->limits().max_fs >= limits_of(fmtp->level).max_fs);
        static_cast<void>(fmtp->allows({1280, 720}, 30));
        static_cast<void>(fmtp->profile());
    }
    return 0;
}
