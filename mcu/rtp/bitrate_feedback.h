#pragma once

#include <cstdint>
#include <optional>

#include "common/byte_writer.h"
#include "common/units.h"
#include "mcu/rtp/rtcp/temporary_bitrate.h"

namespace mcu {

/// The rate the peer asks of one of our streams, told on at most each kTellInterval: a request is
/// cheap to send, and each change costs whoever hears of it a plan.
class BitrateLimit {
  public:
    static constexpr common::Duration kTellInterval = std::chrono::milliseconds(500);

    void request(common::Bitrate limit) { wanted_ = limit; }
    /// The newest limit, once, when it is another than was told before and its time has come.
    std::optional<common::Bitrate> take_due(common::Timestamp now);
    [[nodiscard]] std::optional<common::Timestamp> next_deadline() const;

  private:
    std::optional<common::Bitrate> wanted_, told_;
    std::optional<common::Timestamp> told_at_;
};

/// What goes out about rates: our TMMBR until the peer confirms it, and the TMMBN we owe. Or our
/// REMB, which nobody confirms: kMostAsks times.
///
/// Thread: one. Memory: one of each, the newest. Source: RFC 5104 3.5.4, 4.2.1, 4.2.2.
class BitrateFeedback {
  public:
    static constexpr common::Duration kRepeat = std::chrono::seconds(1);
    static constexpr int kMostAsks = 5;

    enum class Kind : std::uint8_t { Tmmbr, Remb };
    /// Of what is asked from now on.
    void set_kind(Kind kind) { kind_ = kind; }

    /// Asks for no more than `limit` as `remote_ssrc` from now on; the same again is harmless.
    void ask(std::uint32_t remote_ssrc, common::Bitrate limit, common::Timestamp now);
    /// The peer asked: it gets its confirmation with the next `write`.
    void owe_confirmation(std::uint32_t requester, const TemporaryBitrate::Entry& entry);
    /// The peer says what binds it; `our_ssrc` is whom it knows us as.
    void on_notification(const TemporaryBitrate& notification, std::uint32_t our_ssrc);

    /// Nothing: there is nothing to write. A time that is past: at once.
    [[nodiscard]] std::optional<common::Timestamp> next_deadline() const;
    /// `write` would write something.
    [[nodiscard]] bool due(common::Timestamp now) const;
    /// Appends what is due, as `our_ssrc`, behind a report: feedback begins no compound.
    void write(std::uint32_t our_ssrc, common::Timestamp now, common::ByteWriter& out);

    [[nodiscard]] std::uint64_t requests_sent() const { return requests_sent_; }

  private:
    struct Wish {
        std::uint32_t remote_ssrc = 0;
        common::Bitrate limit;
        common::Timestamp next_ask;
        int asks_left = 0;
    };

    Kind kind_ = Kind::Tmmbr;
    std::optional<Wish> wish_;
    std::optional<TemporaryBitrate::Entry> owed_;  ///< its ssrc is the requester's
    std::uint64_t requests_sent_ = 0;
};

}  // namespace mcu
