#include "tools/ctl/meeting_table.h"

#include <algorithm>
#include <functional>

#include "tools/ctl/text_line.h"

namespace ctl {
namespace {

struct Row {
    const Meeting* meeting = nullptr;
    std::array<double, kStages.size()> percent{};
    double sum = 0;
    std::uint64_t skipped = 0, freezes = 0;
};

/// What came since then; a count that fell began anew or somebody took his with him.
std::uint64_t growth(std::uint64_t before, std::uint64_t now) {
    return now > before ? now - before : 0;
}

Row row_of(const Meeting& meeting, const Look& before, double seconds) {
    Row row;
    row.meeting = &meeting;
    const auto former = std::ranges::find(before.meetings, meeting.instance, &Meeting::instance);
    if (former == before.meetings.end()) return row;
    for (std::size_t i = 0; i < kStages.size(); ++i) {
        const double spent = meeting.cpu_seconds.at(i) - former->cpu_seconds.at(i);
        row.percent.at(i) = std::max(0.0, 100 * spent / seconds);
        row.sum += row.percent.at(i);
    }
    row.skipped = growth(former->pictures_skipped, meeting.pictures_skipped);
    row.freezes = growth(former->freezes, meeting.freezes);
    return row;
}

/// Five columns and a space before them.
std::string figure(double value) {
    return value < 999.95 ? text_line(" %5.1f", value) : text_line(" %5.0f", value);
}

std::string text_of(const Row& row) {
    const Meeting& m = *row.meeting;
    std::string text = text_line("%-12.12s %3zu %4llu", m.room.c_str(), m.people,
                                 static_cast<unsigned long long>(m.encoders));
    text += figure(row.sum);
    for (const double percent : row.percent) text += figure(percent);
    text += figure(m.drawn_after_ms);
    text += text_line(" %4llu", static_cast<unsigned long long>(row.skipped));
    text += figure(m.loss_percent);
    return text + text_line(" %5llu\n", static_cast<unsigned long long>(row.freezes));
}

}  // namespace

std::string meeting_table(const Look& before, const Look& now) {
    std::string text = text_line("%-12s %3s %4s %5s %5s %5s %5s %5s %5s %5s %4s %5s %5s\n", "ROOM",
                                 "IN", "ENCS", "CPU%", "DECOD", "SCALE", "DRAW", "ENCOD", "AUDIO",
                                 "LATE", "SKIP", "LOSS%", "FROZE");
    const double seconds =
        std::max(0.001, std::chrono::duration<double>(now.at - before.at).count());
    std::vector<Row> rows;
    std::size_t people = 0;
    std::uint64_t late = 0;
    for (const Meeting& meeting : now.meetings) {
        rows.push_back(row_of(meeting, before, seconds));
        people += meeting.people;
        late = std::max(late, meeting.late_ticks);
    }
    std::ranges::stable_sort(rows, std::greater(), &Row::sum);
    for (const Row& row : rows) text += text_of(row);
    if (rows.empty()) text += "nobody is in any room\n";
    text += text_line("%zu %s, %zu people, %llu video ticks skipped since the start\n", rows.size(),
                      rows.size() == 1 ? "meeting" : "meetings", people,
                      static_cast<unsigned long long>(late));
    text += "CPU in % of a core; LATE: ms from tick to drawn; SKIP: pictures left out\n";
    return text;
}

}  // namespace ctl
