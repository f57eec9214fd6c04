// Lines of a spool file, which a bad disk or somebody with an editor may have changed. The first
// byte chooses whether the checksum is put right, so that what stands behind it is reached.
// Covers: storage/metadata/record_text.cpp

#include <zlib.h>

#include <array>
#include <cstdio>
#include <string>

#include "storage/metadata/record_text.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

std::string with_checksum(const std::string& text) {
    std::array<char, 10> head{};
    const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
    std::snprintf(head.data(), head.size(), "%08x ", static_cast<unsigned>(sum));
    return head.data() + text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto record = storage::parse_record_line(data[0] == 'c' ? with_checksum(text) : text);
    if (!record) return 0;
    // What was read is written so that it reads the same.
    std::string line = storage::record_line(*record);
    FUZZ_EXPECT(line.find('\n') == line.size() - 1);
    line.pop_back();
    const auto again = storage::parse_record_line(line);
    FUZZ_EXPECT(again && storage::record_line(*again) == line + '\n');
    return 0;
}
