#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "mcu/transport/socket_address.h"

namespace mcu {

/// Proof of one ICE agent to the other (RFC 8839 5.4). `pwd` is a secret.
struct IceCredentials {
    std::string ufrag, pwd;
    /// 4 and 22 characters at least, 256 at most, of letters, digits, + and /.
    [[nodiscard]] bool valid() const;
    friend bool operator==(const IceCredentials&, const IceCredentials&) = default;
};

/// Answers the connectivity checks of one peer as a lite agent (RFC 8445 7.3), which makes none of
/// its own: who knows our password and names us and itself is the peer.
///
/// Others: what is not authentic is not answered at all, so that nobody learns from us what is
///         wrong with a guess, and no answer goes where nobody asked.
/// Restart: with new credentials those before serve until the peer first uses the new ones: its
///         answer is still on its way (RFC 8445 9).
/// Thread: one. Keeps no state of a peer.
class IceChecks {
  public:
    /// Room for an answer.
    static constexpr std::size_t kMostAnswerBytes = 1024;
    struct Outcome {
        std::size_t answer_bytes = 0;  ///< of `answer`, to be sent back; 0: nothing
        bool valid = false;            ///< the peer sends from there and gets what we send
        bool nominates = false;        ///< it chose this path (USE-CANDIDATE)
    };

    IceChecks();
    ~IceChecks();
    IceChecks(const IceChecks&) = delete;
    IceChecks& operator=(const IceChecks&) = delete;

    /// `remote_ufrag` empty: not known yet, any will do. Repeating it is harmless.
    void set_credentials(const IceCredentials& local, const std::string& remote_ufrag);

    /// One STUN datagram that came from `from`.
    [[nodiscard]] Outcome answer(std::span<const std::uint8_t> datagram, const SocketAddress& from,
                                 std::span<std::uint8_t> answer);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mcu
