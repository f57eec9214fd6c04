#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/result.h"
#include "common/srtp_key.h"

namespace mcu {

/// What protection adds to a packet at most: RFC 3711 3.1, 3.4: tag, and the index of SRTCP. The
/// library asks for more room than it uses.
inline constexpr std::size_t kSrtpMostTrailerBytes = 160;

/// Encrypts what we send under one master key (RFC 3711, RFC 7714), whatever its SSRCs.
///
/// Thread: one. Repeating a packet of the last 1024 is allowed (retransmission); the roll-over
///         counter of each SSRC lives as long as this does, so a new one needs a new key.
/// Errors: `create` fails with `Internal` where the library refuses.
class SrtpSender {
  public:
    [[nodiscard]] static common::Result<std::unique_ptr<SrtpSender>> create(
        const common::SrtpKey& key);
    ~SrtpSender();
    SrtpSender(const SrtpSender&) = delete;
    SrtpSender& operator=(const SrtpSender&) = delete;

    /// Protects the packet in the first `bytes` of `buffer` in place, which has room for
    /// kSrtpMostTrailerBytes more. Returns its size now; 0: not a packet, or the key is used up.
    [[nodiscard]] std::size_t protect_rtp(std::span<std::uint8_t> buffer, std::size_t bytes);
    [[nodiscard]] std::size_t protect_rtcp(std::span<std::uint8_t> buffer, std::size_t bytes);

  private:
    struct Impl;
    explicit SrtpSender(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Checks and decrypts what a peer sends under one master key. Nothing is remembered of what does
/// not authenticate.
///
/// Roll-over: a peer that kept its key while we began anew has counted on (RFC 3711 3.3.1). Where
///         the first packet of an SSRC does not authenticate, counters up to kMostRollOvers are
///         tried.
/// Thread: one.
/// Bounds: kMostSources SSRCs under one key; a packet of one more is refused. kMostGuesses in all,
///         so that forgers cost no more than that.
class SrtpReceiver {
  public:
    static constexpr std::size_t kMostSources = 128;
    static constexpr std::uint32_t kMostRollOvers = 32;
    static constexpr std::uint32_t kMostGuesses = 256 * kMostRollOvers;

    struct Counters {
        std::uint64_t malformed = 0;  ///< too short, a header that does not fit
        std::uint64_t forged = 0;     ///< its tag is not of this key
        std::uint64_t replayed = 0;   ///< was here before, or is too old to know
        std::uint64_t excess = 0;     ///< of one SSRC too many, or the library refused
    };

    [[nodiscard]] static common::Result<std::unique_ptr<SrtpReceiver>> create(
        const common::SrtpKey& key);
    ~SrtpReceiver();
    SrtpReceiver(const SrtpReceiver&) = delete;
    SrtpReceiver& operator=(const SrtpReceiver&) = delete;

    /// The clear packet, in place; nothing, and counted: it is to be dropped.
    [[nodiscard]] std::optional<std::span<std::uint8_t>> open_rtp(std::span<std::uint8_t> packet);
    [[nodiscard]] std::optional<std::span<std::uint8_t>> open_rtcp(std::span<std::uint8_t> packet);

    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    struct Impl;
    struct Source {
        std::uint32_t ssrc = 0;
        bool by_rtp = false;  ///< and not by RTCP alone, which tells nothing of roll-overs
    };
    explicit SrtpReceiver(std::unique_ptr<Impl> impl);
    [[nodiscard]] const Source* find(std::uint32_t ssrc) const;
    void remember(std::uint32_t ssrc, bool by_rtp);
    [[nodiscard]] int open_rolled_over(std::uint32_t ssrc, std::span<const std::uint8_t> sealed,
                                       std::span<std::uint8_t> packet, int& size);
    void count(int status);

    std::unique_ptr<Impl> impl_;
    std::vector<Source> sources_;  ///< authenticated
    std::uint32_t guesses_ = 0;
    Counters counters_;
};

}  // namespace mcu
