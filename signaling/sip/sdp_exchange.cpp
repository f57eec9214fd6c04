#include "signaling/sip/sdp_exchange.h"

#include "signaling/sdp/sdp_parser.h"
#include "signaling/sdp/sdp_writer.h"

namespace signaling {

SdpExchange::SdpExchange(const State& state)
    : session_id_(state.session_id),
      version_(state.version),
      last_offer_(state.last_offer),
      last_answer_(state.last_answer),
      last_sent_(state.last_sent) {
    if (const auto parsed = parse_sdp(last_sent_)) lines_ = lines_of(*parsed);
}

SdpExchange::State SdpExchange::state() const {
    return {session_id_, version_, last_sent_, last_offer_, last_answer_};
}

tl::expected<MediaOffer, std::string> SdpExchange::read_offer(const std::string& text) {
    auto parsed = parse_sdp(text);
    if (!parsed) return tl::unexpected("SDP " + parsed.error().text());
    if (parsed->media.size() < lines_.size()) {
        return tl::unexpected("SDP has " + std::to_string(parsed->media.size()) +
                              " m-lines, the dialog has " + std::to_string(lines_.size()));
    }
    offered_lines_ = lines_of(*parsed);
    offered_ = text;
    return media_from_sdp(*parsed);
}

std::string SdpExchange::answer(const MediaAnswer& ours) {
    last_offer_ = std::move(offered_);
    last_answer_ = describe(ours, offered_lines_);
    return last_answer_;
}

std::optional<std::string> SdpExchange::repeated_answer(const std::string& text) const {
    if (last_answer_.empty() || text != last_offer_) return std::nullopt;
    return last_answer_;
}

std::string SdpExchange::offer(const MediaAnswer& ours) {
    last_offer_.clear();
    last_answer_.clear();
    return describe(ours, lines_);
}

tl::expected<MediaOffer, std::string> SdpExchange::read_answer(const std::string& text) const {
    const auto parsed = parse_sdp(text);
    if (!parsed) return tl::unexpected("SDP " + parsed.error().text());
    return media_from_sdp(*parsed);
}

std::string SdpExchange::describe(const MediaAnswer& ours, const std::vector<SdpLine>& lines) {
    auto description = sdp_from_media(ours, lines, {"-", session_id_, "0", {}});
    std::string now = write_sdp(description);
    if (!last_sent_.empty() && now != last_sent_) ++version_;
    last_sent_ = std::move(now);
    description.origin.version = std::to_string(version_);
    lines_ = lines_of(description);
    return write_sdp(description);
}

}  // namespace signaling
