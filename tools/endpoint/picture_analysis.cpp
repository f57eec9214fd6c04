#include "tools/endpoint/picture_analysis.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace endpoint {
namespace {

constexpr double kMsPerNs = 1e-6;
constexpr std::int64_t kFreezeNs = 500'000'000;
/// Whose code cannot be read for longer is taken to have left the picture.
constexpr std::int64_t kUnreadNs = 1'000'000'000;

/// 0 to 100 %; none of none.
std::vector<double> percentiles_of(std::vector<double> values) {
    std::vector<double> percentiles;
    if (values.empty()) return percentiles;
    std::sort(values.begin(), values.end());
    for (std::size_t percent = 0; percent <= 100; ++percent) {
        percentiles.push_back(values[(values.size() - 1) * percent / 100]);
    }
    return percentiles;
}

/// Follows every person's number from picture to picture.
class Progress {
  public:
    explicit Progress(const SendTable* sent) : sent_(sent) {}

    /// Whether at least 95 % of the visible codes differ from what they were. `unread`: how many
    /// there are that could not be read.
    bool advanced(const SeenPicture& picture, std::size_t unread) {
        std::size_t moved = 0;
        for (const FoundCode& found : picture.codes) {
            const auto last = last_.find(found.code.who);
            if (last != last_.end() && last->second == found.code.frame) continue;
            ++moved;
            last_[found.code.who] = found.code.frame;
            note(found, picture);
        }
        const std::size_t visible = picture.codes.size() + unread;
        // "At least 95 %" of nine is nine.
        return visible > 0 && static_cast<double>(moved) >= 0.95 * static_cast<double>(visible);
    }

    void close(PictureFindings& findings) {
        std::vector<double> all;
        for (auto& [who, person] : findings.people) {
            std::vector<double>& values = latencies_[who];
            all.insert(all.end(), values.begin(), values.end());
            person.advances = advances_[who];
            person.freezes = freezes_[who];
            person.latency_ms = spread_of(std::move(values));
        }
        findings.latency_percentiles_ms = percentiles_of(all);
        findings.latency_ms = spread_of(std::move(all));
    }

  private:
    void note(const FoundCode& found, const SeenPicture& picture) {
        const std::int64_t arrived_ns = picture.arrived_ns;
        const auto stood = stood_since_.find(found.code.who);
        if (stood != stood_since_.end() && picture.released_ns - stood->second > kFreezeNs) {
            freezes_[found.code.who].push_back({stood->second, picture.released_ns});
        }
        stood_since_[found.code.who] = picture.released_ns;
        ++advances_[found.code.who];
        if (sent_ == nullptr) return;
        const auto sent = sent_->picture_sent(found.code.who, found.code.frame, arrived_ns);
        if (sent) {
            latencies_[found.code.who].push_back(static_cast<double>(arrived_ns - *sent) *
                                                 kMsPerNs);
        }
    }

    const SendTable* sent_;
    std::map<std::uint32_t, std::uint32_t> last_;
    std::map<std::uint32_t, std::int64_t> stood_since_;
    std::map<std::uint32_t, std::vector<Freeze>> freezes_;
    std::map<std::uint32_t, std::size_t> advances_;
    std::map<std::uint32_t, std::vector<double>> latencies_;
};

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

/// The person's place in the last pictures they were seen in.
FrameRect last_place(std::span<const SeenPicture> seen, std::uint32_t who) {
    std::vector<double> left, top, width, height;
    for (auto picture = seen.rbegin(); picture != seen.rend() && left.size() < 30; ++picture) {
        for (const FoundCode& found : picture->codes) {
            if (found.code.who != who) continue;
            left.push_back(found.frame.left);
            top.push_back(found.frame.top);
            width.push_back(found.frame.width);
            height.push_back(found.frame.height);
        }
    }
    return {median(left), median(top), median(width), median(height)};
}

void note_people(const SeenPicture& picture, PictureFindings& findings) {
    for (const FoundCode& found : picture.codes) {
        SeenPerson& person = findings.people[found.code.who];
        if (person.pictures++ == 0) person.first_ns = picture.arrived_ns;
        person.last_ns = picture.arrived_ns;
    }
}

/// A viewer sees traces of what is missing until a key frame wipes them away.
std::vector<Freeze> damages_of(std::span<const SeenPicture> seen, std::int64_t from_ns) {
    std::vector<Freeze> damages;
    std::int64_t last_whole_ns = 0;
    std::optional<std::int64_t> broken_since_ns;
    const auto healed = [&](std::int64_t at_ns) {
        if (*broken_since_ns >= from_ns) damages.push_back({*broken_since_ns, at_ns});
        broken_since_ns.reset();
    };
    for (const SeenPicture& picture : seen) {
        if (picture.follows_gap && !broken_since_ns) broken_since_ns = last_whole_ns;
        if (broken_since_ns && picture.key && !picture.follows_gap) healed(picture.released_ns);
        if (!broken_since_ns) last_whole_ns = picture.released_ns;
    }
    if (broken_since_ns) healed(seen.back().released_ns);
    return damages;
}

/// Of each picture: whose codes it must have too, though nobody can read them in it, as they are
/// read shortly before and shortly after. So a spoiled picture counts as one that stands.
std::vector<std::size_t> unread_codes(std::span<const SeenPicture> seen) {
    std::vector<std::size_t> unread(seen.size());
    std::map<std::uint32_t, std::size_t> last_read;
    for (std::size_t i = 0; i < seen.size(); ++i) {
        for (const FoundCode& found : seen[i].codes) {
            const auto [last, first_time] = last_read.try_emplace(found.code.who, i);
            if (!first_time && seen[i].released_ns - seen[last->second].released_ns <= kUnreadNs) {
                for (std::size_t k = last->second + 1; k < i; ++k) ++unread[k];
            }
            last->second = i;
        }
    }
    return unread;
}

}  // namespace

Spread spread_of(std::vector<double> values) {
    Spread spread;
    if (values.empty()) return spread;
    std::sort(values.begin(), values.end());
    const auto at = [&](double share) {
        const auto index =
            static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())) - 1);
        return values[std::min(index, values.size() - 1)];
    };
    spread.p50 = at(0.5);
    spread.p95 = at(0.95);
    spread.worst = values.back();
    for (const double value : values) spread.mean += value / static_cast<double>(values.size());
    spread.count = values.size();
    return spread;
}

PictureFindings judge_pictures(std::span<const SeenPicture> seen, std::int64_t skip_ns,
                               const SendTable* sent) {
    PictureFindings findings;
    findings.pictures = seen.size();
    Progress progress(sent);
    std::int64_t last_advance_ns = 0, begin_ns = 0;
    const std::vector<std::size_t> unread = unread_codes(seen);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        const SeenPicture& picture = seen[i];
        if (picture.key) findings.key_frames_ns.push_back(picture.arrived_ns);
        if (!picture.decoded) continue;
        if (findings.first_picture_ns == 0) findings.first_picture_ns = picture.arrived_ns;
        if (findings.sizes.empty() || findings.sizes.back() != picture.size) {
            findings.sizes.push_back(picture.size);
        }
        if (picture.arrived_ns < findings.first_picture_ns + skip_ns) continue;
        if (begin_ns == 0) begin_ns = last_advance_ns = picture.released_ns;
        ++findings.judged;
        note_people(picture, findings);
        if (!progress.advanced(picture, unread[i])) continue;
        ++findings.advanced;
        findings.advances_ns.push_back(picture.released_ns);
        if (picture.released_ns - last_advance_ns > kFreezeNs) {
            findings.freezes.push_back({last_advance_ns, picture.released_ns});
        }
        last_advance_ns = picture.released_ns;
    }
    progress.close(findings);
    findings.damages = damages_of(seen, findings.first_picture_ns + skip_ns);
    for (auto& [who, person] : findings.people) person.tile = last_place(seen, who);
    if (findings.judged < 2) return findings;
    const std::int64_t end_ns = seen.back().released_ns;
    if (end_ns - last_advance_ns > kFreezeNs) findings.freezes.push_back({last_advance_ns, end_ns});
    findings.seconds = static_cast<double>(end_ns - begin_ns) / 1e9;
    if (findings.seconds <= 0) return findings;
    // The first picture opens the time, the others fill it.
    findings.fps =
        static_cast<double>(findings.advanced - (findings.advanced > 0 ? 1 : 0)) / findings.seconds;
    findings.arrival_fps = static_cast<double>(findings.judged - 1) / findings.seconds;
    return findings;
}

bool has_idr(std::span<const std::uint8_t> annex_b) {
    for (std::size_t i = 0; i + 3 < annex_b.size(); ++i) {
        if (annex_b[i] == 0 && annex_b[i + 1] == 0 && annex_b[i + 2] == 1 &&
            (annex_b[i + 3] & 0x1f) == 5) {
            return true;
        }
    }
    return false;
}

}  // namespace endpoint
