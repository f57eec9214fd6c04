// A line of the dialog journal: a file that outlives the process, and may be torn, old or edited.
// Covers: signaling/sip/dialog_record.cpp

#include <string>

#include "signaling/sip/dialog_journal.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

constexpr std::int64_t kNow = 1'800'000'000;

void expect_sane(const signaling::DialogRecord& record) {
    FUZZ_EXPECT(!record.call.participant.empty() && !record.dialog.call_id.empty());
    FUZZ_EXPECT(record.keep_alive >= common::Duration::zero());
    FUZZ_EXPECT(record.call.interval >= common::Duration::zero());
    FUZZ_EXPECT(record.call.since_refresh >= common::Duration::zero());
    for (const signaling::AnsweredMedia& medium : record.call.our_media.media) {
        FUZZ_EXPECT(medium.security.agreed != signaling::KeyExchange::Sdes);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string line(reinterpret_cast<const char*>(data), size);

    const auto record = signaling::read_line(line, kNow);

    if (!record) {
        FUZZ_EXPECT(!record.error().message.empty());
        return 0;
    }
    expect_sane(*record);
    // What is read is written again at the next start, and read by the one after that.
    const std::string again = signaling::line_of(*record, kNow);
    FUZZ_EXPECT(again.find('\n') == std::string::npos);
    const auto twice = signaling::read_line(again, kNow);
    FUZZ_EXPECT(twice);
    FUZZ_EXPECT(signaling::line_of(*twice, kNow) == again);
    return 0;
}
