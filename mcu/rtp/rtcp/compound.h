#pragma once

#include <cstdint>
#include <span>
#include <tl/expected.hpp>

#include "mcu/rtp/rtcp/bye.h"
#include "mcu/rtp/rtcp/full_intra_request.h"
#include "mcu/rtp/rtcp/generic_nack.h"
#include "mcu/rtp/rtcp/picture_loss_indication.h"
#include "mcu/rtp/rtcp/receiver_estimated_bitrate.h"
#include "mcu/rtp/rtcp/receiver_report.h"
#include "mcu/rtp/rtcp/sender_report.h"
#include "mcu/rtp/rtcp/source_description.h"
#include "mcu/rtp/rtcp/temporary_bitrate.h"
#include "mcu/rtp/rtcp/transport_feedback.h"

namespace mcu {

/// What a received RTCP datagram holds, in its order. Views are valid during the call.
class RtcpHandler {
  public:
    virtual ~RtcpHandler() = default;
    virtual void on_sender_report(const SenderReport& report) = 0;
    virtual void on_receiver_report(const ReceiverReport& report) = 0;
    virtual void on_source_description(const SourceDescription& description) = 0;
    virtual void on_bye(const Bye& bye) = 0;
    virtual void on_picture_loss_indication(const PictureLossIndication& pli) = 0;
    virtual void on_full_intra_request(const FullIntraRequest& fir) = 0;
    virtual void on_generic_nack(const GenericNack& nack) = 0;
    virtual void on_temporary_bitrate_request(const TemporaryBitrate& request) = 0;
    virtual void on_temporary_bitrate_notification(const TemporaryBitrate& notification) = 0;
    virtual void on_receiver_estimated_bitrate(const ReceiverEstimatedBitrate& remb) = 0;
    virtual void on_transport_feedback(const TransportFeedback& feedback) = 0;
};

enum class RtcpParseError : std::uint8_t {
    TooShort,        ///< no whole header
    BadVersion,      ///< some packet's version is not 2
    BadType,         ///< the first type is outside 192..223
    LengthMismatch,  ///< the lengths do not add up to the datagram
    BadPadding,      ///< padding elsewhere than on the last packet, or more than it holds
};

struct RtcpCounters {
    std::uint64_t datagrams = 0;
    std::uint64_t bad_datagrams = 0;  ///< broken as a whole: nothing of them was used
    std::uint64_t bad_packets = 0;    ///< of a known type with a body that makes no sense: skipped
    std::uint64_t unknown_packets = 0;
    std::uint64_t reduced_size = 0;  ///< without SR or RR in front (RFC 5506)
};

/// Checks the whole datagram first (RFC 3550 A.2; RFC 5506 3.4.2 lets any RTCP packet come first),
/// then hands its packets to `handler`. A broken datagram reaches the handler not at all.
tl::expected<void, RtcpParseError> parse_rtcp(std::span<const std::uint8_t> datagram,
                                              RtcpHandler& handler, RtcpCounters& counters);

}  // namespace mcu
