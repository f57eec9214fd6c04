#pragma once

#include <gio/gio.h>

#include <optional>
#include <string>

namespace endpoint {

/// A socket bound for RTP on an even port and one for RTCP on the next: RFC 3550 section 11.
/// Private to the media leg: GLib's sockets are what GStreamer shares between its source and sink.
class UdpPair {
  public:
    /// Any free pair when `port` is 0.
    [[nodiscard]] static std::optional<UdpPair> bind(const std::string& host, int port);
    ~UdpPair();
    UdpPair(UdpPair&& other) noexcept;
    UdpPair& operator=(UdpPair&& other) noexcept;

    [[nodiscard]] GSocket* rtp() const { return rtp_; }
    [[nodiscard]] GSocket* rtcp() const { return rtcp_; }
    [[nodiscard]] int port() const { return port_; }

  private:
    UdpPair(GSocket* rtp, GSocket* rtcp, int port) : rtp_(rtp), rtcp_(rtcp), port_(port) {}
    GSocket* rtp_ = nullptr;
    GSocket* rtcp_ = nullptr;
    int port_ = 0;
};

}  // namespace endpoint
