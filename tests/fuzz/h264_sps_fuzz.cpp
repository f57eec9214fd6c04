// Covers: mixer/codec/h264_sps.cpp
#include "mixer/codec/h264_sps.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto announced = mixer::largest_coded_size({data, size});
    if (announced) FUZZ_EXPECT(announced->width >= 16 && announced->height >= 16);
    if (announced) FUZZ_EXPECT(announced->width <= 65536 && announced->height <= 131072);
    return 0;
}
