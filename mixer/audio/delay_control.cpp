#include "mixer/audio/delay_control.h"

namespace mixer {
namespace {

constexpr std::int64_t ms(std::int64_t count) {
    return count * kSampleRateHz / 1000;
}

constexpr std::int64_t kAbove = ms(4);         // spare beyond a whole step before it is left out
constexpr std::int64_t kStanding = ms(1) / 2;  // or this, when it has stood for as long as that
constexpr int kStandingTicks = 250;
constexpr std::int64_t kBelow = ms(3);   // missing before anything is added
constexpr std::int64_t kMuch = ms(60);   // so much more than needed is taken back at any price
constexpr std::int64_t kLeast = ms(1);   // a smaller rest is not worth a cut
constexpr std::size_t kKnownAtOnce = 3;  // ticks that must agree when it is much
constexpr int kBetween = 5;              // ticks between two cuts, else
constexpr int kPatience = 50;            // ticks until it is done wherever it is

}  // namespace

DelayControl::Wish DelayControl::wish(std::int64_t lead, std::int64_t need, std::int64_t step,
                                      std::int64_t rest) {
    leads_[next_] = lead;
    next_ = (next_ + 1) % kWindow;
    known_ = std::min(known_ + 1, kWindow);
    ++ticks_since_done_;
    if (known_ < kKnownAtOnce) return {};

    const auto [low, high] =
        std::minmax_element(leads_.begin(), leads_.begin() + static_cast<std::ptrdiff_t>(known_));
    const std::int64_t spare = *low - rest - need;
    const std::int64_t missing = need - (*high - rest);
    const bool much = spare >= kMuch;
    if (!much && known_ < kWindow) return {};

    ticks_above_ = spare >= step + kStanding ? ticks_above_ + 1 : 0;
    const std::int64_t above = ticks_above_ > kStandingTicks ? kStanding : kAbove;
    Wish wish;
    if (spare >= step + above) {
        wish.samples = -(rest + (spare - above) / step * step);
    } else if (missing > kBelow) {
        wish.samples = (missing + step - 1) / step * step - rest;
    } else if (rest >= kLeast) {
        // Waits for nothing, but does no harm either: only where nobody hears it.
        wish.samples = -rest;
        ticks_wanted_ = 0;
    }
    if (wish.samples == 0) {
        ticks_wanted_ = 0;
        return {};
    }
    ++ticks_wanted_;
    wish.soon = much || missing > kBelow || ticks_wanted_ > kPatience;
    if (!wish.soon && ticks_since_done_ < kBetween) return {};
    return wish;
}

void DelayControl::done(std::int64_t samples) {
    for (std::int64_t& lead : leads_) lead += samples;
    ticks_since_done_ = 0;
}

void DelayControl::restart() {
    known_ = next_ = 0;
    ticks_wanted_ = ticks_above_ = 0;
}

}  // namespace mixer
