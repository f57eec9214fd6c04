#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "mcu/session/media_config.h"
#include "mcu/transport/dtls_endpoint.h"
#include "mcu/transport/srtp_session.h"

namespace mcu {

enum class MediaPort : std::uint8_t { Rtp, Rtcp };

/// What a MediaProtection needs of the floor above. Net thread.
class MediaProtectionObserver {
  public:
    virtual ~MediaProtectionObserver() = default;
    virtual void send_dtls(MediaPort port, std::span<const std::uint8_t> datagram,
                           const SocketAddress& to) = 0;
    /// From now on packets of this port can be sealed and opened. `what` is for people. `from`:
    /// the address that DTLS has proven; none where signalling brought the keys.
    virtual void on_keys(MediaPort port, const std::string& what, const SocketAddress& from) = 0;
    /// For people; at most kMostComplaints after each agreement.
    virtual void on_no_keys(const std::string& why) = 0;
};

/// Encrypts and decrypts one medium as signalling agreed: with keys from SDP, with keys from DTLS
/// on the same ports (RFC 5764; without rtcp-mux one handshake on each), or not at all.
///
/// Keys:   live on across re-INVITEs that bring the same ones (their roll-over counters with them),
///         each direction for itself. While a new handshake runs, those of the last one serve.
/// Thread: net thread alone.
/// Owner:  borrows net thread, identity and observer.
class MediaProtection {
  public:
    static constexpr std::size_t kMostAtOnce = 64;
    static constexpr int kMostComplaints = 3;

    struct PeerPorts {
        SocketAddress rtp, rtcp;  ///< none: not known
        bool rtcp_mux = false;
        friend bool operator==(const PeerPorts&, const PeerPorts&) = default;
    };

    MediaProtection(NetThread& net, const DtlsIdentity* identity,
                    MediaProtectionObserver& observer);

    /// Repeating it is harmless. DTLS starts anew when the role, a fingerprint or the peer's ports
    /// changed (RFC 8842 4); a peer whose address is not known (hold) keeps what it has.
    void configure(const MediaSecurity& security, const PeerPorts& peer);

    /// False: RTP is plain. True: it is or will be protected.
    [[nodiscard]] bool on() const { return security_.kind != MediaSecurity::Kind::None; }
    /// Plain, or there is a key for what we send.
    [[nodiscard]] bool may_send() const { return !on() || legs_[0].sender != nullptr; }

    /// At most kMostAtOnce; what could not be sealed is left out. Valid until the next call.
    [[nodiscard]] std::span<const std::span<const std::uint8_t>> seal_rtp(
        std::span<const std::span<const std::uint8_t>> packets);
    /// Empty: there is no key, or it did not fit. Valid until the next call.
    [[nodiscard]] std::span<const std::uint8_t> seal_rtcp(MediaPort port,
                                                          std::span<const std::uint8_t> datagram);
    /// The clear packet, in place; nothing, and counted: to be dropped.
    [[nodiscard]] std::optional<std::span<std::uint8_t>> open_rtp(std::span<std::uint8_t> packet);
    [[nodiscard]] std::optional<std::span<std::uint8_t>> open_rtcp(MediaPort port,
                                                                   std::span<std::uint8_t> packet);
    void receive_dtls(MediaPort port, const Datagram& datagram);

    /// All that was dropped here, whatever the reason.
    [[nodiscard]] std::uint64_t dropped_count() const;

  private:
    /// One port's keys. With keys from SDP, and with rtcp-mux, the first leg serves both ports.
    struct Leg final : DtlsObserver {
        void on_dtls_established(const SrtpKeyPair& keys, const SocketAddress& from) override;
        void on_dtls_failed(const std::string& why) override;

        MediaProtection* home = nullptr;
        MediaPort port = MediaPort::Rtp;
        std::unique_ptr<SrtpSender> sender;
        std::unique_ptr<SrtpReceiver> receiver;
        std::unique_ptr<DtlsEndpoint> dtls;
    };
    struct Scratch;

    void take_keys(const common::SrtpKey& send, const common::SrtpKey& receive);
    void start_dtls(const PeerPorts& peer);
    void start_dtls(Leg& leg, const SocketAddress& peer);
    void complain(const std::string& why);
    void retire(Leg& leg);
    [[nodiscard]] Leg& leg_of(MediaPort port);

    NetThread& net_;
    const DtlsIdentity* const identity_;
    MediaProtectionObserver& observer_;
    Scratch& scratch_;
    MediaSecurity security_;
    PeerPorts peer_;
    std::array<Leg, 2> legs_;
    int complaints_ = 0;
    std::uint64_t keyless_ = 0;  ///< came while there was no key
    std::uint64_t retired_ = 0;  ///< dropped by what is no more
};

}  // namespace mcu
