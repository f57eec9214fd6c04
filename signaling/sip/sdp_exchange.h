#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "signaling/conference/media_offer.h"
#include "signaling/sdp/media_sdp.h"

namespace signaling {

/// The session descriptions of one dialog: who offered last, what stands in which m-line, and our
/// version number.
///
/// Rules kept here (RFC 3264 5, 8): our o= keeps its session id and counts up when, and only when,
/// what we say changes; an m-line keeps its place for ever; an answer has the lines of its offer.
class SdpExchange {
  public:
    /// All of it between two exchanges, as plain values.
    struct State {
        std::string session_id;
        std::uint64_t version = 1;
        std::string last_sent;
        std::string last_offer;
        std::string last_answer;
    };

    explicit SdpExchange(std::string session_id) : session_id_(std::move(session_id)) {}
    /// Goes on where another left off.
    explicit SdpExchange(const State& state);
    [[nodiscard]] State state() const;

    /// Reads the peer's offer. Nothing changes before `answer`: an offer that is refused leaves all
    /// as it was. The error names the line, or the m-line that went missing.
    [[nodiscard]] tl::expected<MediaOffer, std::string> read_offer(const std::string& text);

    /// Our side as the answer to the offer read last. It must have as many entries.
    [[nodiscard]] std::string answer(const MediaAnswer& ours);

    /// What we answered, when this is the offer we answered last, word for word: a session refresh.
    [[nodiscard]] std::optional<std::string> repeated_answer(const std::string& text) const;

    /// Our side as an offer of ours.
    [[nodiscard]] std::string offer(const MediaAnswer& ours);

    /// Reads the peer's answer to it.
    [[nodiscard]] tl::expected<MediaOffer, std::string> read_answer(const std::string& text) const;

  private:
    std::string describe(const MediaAnswer& ours, const std::vector<SdpLine>& lines);

    std::string session_id_;
    std::uint64_t version_ = 1;
    std::vector<SdpLine> lines_;  ///< of the dialog so far
    std::vector<SdpLine> offered_lines_;
    std::string offered_;      ///< read, not answered yet
    std::string last_offer_;   ///< the peer's; empty when the last offer was ours
    std::string last_answer_;  ///< ours to it
    std::string last_sent_;    ///< what we said last, without its version
};

}  // namespace signaling
