#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace common {

/// How SRTP encrypts and authenticates (RFC 3711, RFC 7714). The short tag of
/// AES_CM_128_HMAC_SHA1_32 is not among them.
enum class SrtpSuite : std::uint8_t { AeadAes256Gcm, AeadAes128Gcm, AesCm128HmacSha1_80 };

/// In our order of preference.
inline constexpr std::array kSrtpSuites{SrtpSuite::AeadAes256Gcm, SrtpSuite::AeadAes128Gcm,
                                        SrtpSuite::AesCm128HmacSha1_80};

/// As registered for SDP (RFC 4568 6.2, RFC 7714 14.2): "AEAD_AES_256_GCM".
[[nodiscard]] const char* srtp_suite_name(SrtpSuite suite);
/// Letters alike in either case, as the grammar of RFC 4568 has it. Nothing: one that we lack.
[[nodiscard]] std::optional<SrtpSuite> srtp_suite_named(std::string_view name);

[[nodiscard]] constexpr std::size_t srtp_cipher_key_bytes(SrtpSuite suite) {
    return suite == SrtpSuite::AeadAes256Gcm ? 32 : 16;
}
[[nodiscard]] constexpr std::size_t srtp_salt_bytes(SrtpSuite suite) {
    return suite == SrtpSuite::AesCm128HmacSha1_80 ? 14 : 12;
}
[[nodiscard]] constexpr std::size_t srtp_key_bytes(SrtpSuite suite) {
    return srtp_cipher_key_bytes(suite) + srtp_salt_bytes(suite);
}

/// One master key with its master salt behind it, of one direction. A secret: wiped when it goes,
/// and nothing prints it.
///
/// Thread: a value. Default-constructed: none.
class SrtpKey {
  public:
    static constexpr std::size_t kMostBytes = srtp_key_bytes(SrtpSuite::AeadAes256Gcm);

    SrtpKey() = default;
    ~SrtpKey();
    SrtpKey(const SrtpKey&) = default;
    SrtpKey& operator=(const SrtpKey&) = default;

    /// Nothing unless there are exactly as many bytes as the suite takes.
    [[nodiscard]] static std::optional<SrtpKey> of(SrtpSuite suite,
                                                   std::span<const std::uint8_t> key_and_salt);
    [[nodiscard]] bool valid() const { return size_bytes_ != 0; }
    [[nodiscard]] SrtpSuite suite() const { return suite_; }
    [[nodiscard]] std::span<const std::uint8_t> bytes() const {
        return std::span(bytes_).first(size_bytes_);
    }
    friend bool operator==(const SrtpKey&, const SrtpKey&) = default;

  private:
    SrtpSuite suite_ = SrtpSuite::AeadAes256Gcm;
    std::uint8_t size_bytes_ = 0;
    std::array<std::uint8_t, kMostBytes> bytes_{};  ///< zero beyond its size
};

}  // namespace common
