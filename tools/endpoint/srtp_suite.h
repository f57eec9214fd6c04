#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

typedef struct _GstCaps GstCaps;
typedef struct _GstElement GstElement;

namespace endpoint {

/// Master key and salt, as SDP carries them.
using SrtpKey = std::vector<std::uint8_t>;

/// One suite of SDES: RFC 4568 section 6.2, RFC 7714 section 14.
struct SrtpSuite {
    const char* name;       ///< in SDP
    std::size_t key_bytes;  ///< master key and salt
    const char* cipher;     ///< as GStreamer's srtpenc and srtpdec name it
    const char* authentication;

    [[nodiscard]] SrtpKey make_key() const;
    /// The value of a=crypto.
    [[nodiscard]] std::string crypto(const SrtpKey& key) const;
    /// The key of an a=crypto value; empty when it is of another suite or cannot be read.
    [[nodiscard]] SrtpKey key_of(std::string_view crypto) const;

    /// Before the first packet.
    void set_up_sender(GstElement* srtpenc, const SrtpKey& key) const;
    /// What srtpdec's `request-key` is answered with. The caller owns it.
    [[nodiscard]] GstCaps* receiver_caps(const SrtpKey& key) const;
};
[[nodiscard]] std::span<const SrtpSuite> srtp_suites();
/// Null: none of that name.
[[nodiscard]] const SrtpSuite* srtp_suite_named(std::string_view name);

}  // namespace endpoint
