#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "signaling/webrtc/web_message.h"

namespace signaling {

/// A WebSocket connection (RFC 6455) as who speaks over it sees it. After `close`, or once the
/// other side is gone, what is sent goes nowhere.
class WebSocketLink {
  public:
    virtual ~WebSocketLink() = default;
    virtual void send(const std::string& text) = 0;
    /// The client is destroyed later, never from within.
    virtual void close(std::uint16_t code, const std::string& why) = 0;
};

/// Who speaks over it, for us. Destroyed when the connection is gone, on the loop, never from
/// within a call of its own.
class WebSocketClient {
  public:
    virtual ~WebSocketClient() = default;
    /// One text message, valid UTF-8.
    virtual void received(const std::string& text) = 0;
    /// The other side answered a ping.
    virtual void alive() = 0;
};

/// Makes who speaks over a new connection. The link outlives what is made.
using WebSocketHandler =
    std::function<std::unique_ptr<WebSocketClient>(WebSocketLink& link, const WebRequest& request)>;

}  // namespace signaling
