#pragma once

namespace signaling {

/// From here on a ping over TLS (RFC 5626 3.5.1: two line ends between messages) is answered with a
/// pong (one), wherever this process is the server. sofia does so over TCP only: the process has an
/// `SSL_read` of its own before OpenSSL's, which looks at what it brings.
/// Thread: that which reads.
void answer_pings_over_tls();

}  // namespace signaling
