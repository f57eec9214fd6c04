#include "mcu/transport/srtp_session.h"

#include <srtp2/srtp.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "common/invariant.h"

namespace mcu {

using common::ErrorCode;
using common::Result;
using common::SrtpKey;
using common::SrtpSuite;

namespace {

static_assert(kSrtpMostTrailerBytes >= SRTP_MAX_TRAILER_LEN + 4);

constexpr std::size_t kRtpHeaderBytes = 12;
constexpr std::size_t kRtcpHeaderBytes = 8;
constexpr std::size_t kRtpSsrcAt = 8;
constexpr std::size_t kRtcpSsrcAt = 4;
// A picture's retransmissions come in well after it; 64, the least, is one key picture.
constexpr unsigned long kReplayWindow = 1024;

bool library_ready() {
    static const bool ready = srtp_init() == srtp_err_status_ok;
    return ready;
}

void set_suite(srtp_policy_t& policy, SrtpSuite suite) {
    switch (suite) {
        case SrtpSuite::AeadAes256Gcm:
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp);
            srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtcp);
            return;
        case SrtpSuite::AeadAes128Gcm:
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
            srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
            return;
        case SrtpSuite::AesCm128HmacSha1_80:
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
            srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
            return;
    }
}

Result<srtp_t> open_context(SrtpKey key, srtp_ssrc_type_t direction) {
    if (!key.valid()) return common::fail(ErrorCode::InvalidArgument, "no SRTP key");
    if (!library_ready()) return common::fail(ErrorCode::Internal, "libsrtp2 does not start");
    std::array<std::uint8_t, SrtpKey::kMostBytes> bytes{};
    std::ranges::copy(key.bytes(), bytes.begin());
    srtp_policy_t policy{};
    set_suite(policy, key.suite());
    policy.ssrc.type = direction;
    policy.key = bytes.data();
    policy.window_size = kReplayWindow;
    policy.allow_repeat_tx = 1;
    srtp_t context = nullptr;
    const srtp_err_status_t status = srtp_create(&context, &policy);
    explicit_bzero(bytes.data(), bytes.size());
    if (status == srtp_err_status_ok) return context;
    return common::fail(ErrorCode::Internal, std::string("libsrtp2 refuses ") +
                                                 common::srtp_suite_name(key.suite()) +
                                                 ", status " + std::to_string(status));
}

std::uint32_t ssrc_at(std::span<const std::uint8_t> packet, std::size_t at) {
    return std::uint32_t{packet[at]} << 24U | std::uint32_t{packet[at + 1]} << 16U |
           std::uint32_t{packet[at + 2]} << 8U | packet[at + 3];
}

}  // namespace

// ---- out

struct SrtpSender::Impl {
    explicit Impl(srtp_t made) : context(made) {}
    ~Impl() { srtp_dealloc(context); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    srtp_t context;
};

SrtpSender::SrtpSender(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SrtpSender::~SrtpSender() = default;

Result<std::unique_ptr<SrtpSender>> SrtpSender::create(const SrtpKey& key) {
    Result<srtp_t> context = open_context(key, ssrc_any_outbound);
    if (!context) return tl::unexpected(std::move(context.error()));
    return std::unique_ptr<SrtpSender>(new SrtpSender(std::make_unique<Impl>(*context)));
}

std::size_t SrtpSender::protect_rtp(std::span<std::uint8_t> buffer, std::size_t bytes) {
    INVARIANT(bytes + kSrtpMostTrailerBytes <= buffer.size());
    if (bytes < kRtpHeaderBytes) return 0;
    int size = static_cast<int>(bytes);
    const auto status = srtp_protect(impl_->context, buffer.data(), &size);
    return status == srtp_err_status_ok ? static_cast<std::size_t>(size) : 0;
}

std::size_t SrtpSender::protect_rtcp(std::span<std::uint8_t> buffer, std::size_t bytes) {
    INVARIANT(bytes + kSrtpMostTrailerBytes <= buffer.size());
    if (bytes < kRtcpHeaderBytes) return 0;
    int size = static_cast<int>(bytes);
    const auto status = srtp_protect_rtcp(impl_->context, buffer.data(), &size);
    return status == srtp_err_status_ok ? static_cast<std::size_t>(size) : 0;
}

// ---- in

struct SrtpReceiver::Impl {
    explicit Impl(srtp_t made) : context(made) {}
    ~Impl() { srtp_dealloc(context); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    srtp_t context;
};

SrtpReceiver::SrtpReceiver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SrtpReceiver::~SrtpReceiver() = default;

Result<std::unique_ptr<SrtpReceiver>> SrtpReceiver::create(const SrtpKey& key) {
    Result<srtp_t> context = open_context(key, ssrc_any_inbound);
    if (!context) return tl::unexpected(std::move(context.error()));
    return std::unique_ptr<SrtpReceiver>(new SrtpReceiver(std::make_unique<Impl>(*context)));
}

std::optional<std::span<std::uint8_t>> SrtpReceiver::open_rtp(std::span<std::uint8_t> packet) {
    if (packet.size() < kRtpHeaderBytes || packet.size() > UINT16_MAX) {
        ++counters_.malformed;
        return std::nullopt;
    }
    const std::uint32_t ssrc = ssrc_at(packet, kRtpSsrcAt);
    if (!has_place_for(ssrc)) {
        ++counters_.excess;
        return std::nullopt;
    }
    int size = static_cast<int>(packet.size());
    const auto status = srtp_unprotect(impl_->context, packet.data(), &size);
    if (status != srtp_err_status_ok) {
        count(status);
        return std::nullopt;
    }
    remember(ssrc);
    return packet.first(static_cast<std::size_t>(size));
}

std::optional<std::span<std::uint8_t>> SrtpReceiver::open_rtcp(std::span<std::uint8_t> packet) {
    if (packet.size() < kRtcpHeaderBytes || packet.size() > UINT16_MAX) {
        ++counters_.malformed;
        return std::nullopt;
    }
    const std::uint32_t ssrc = ssrc_at(packet, kRtcpSsrcAt);
    if (!has_place_for(ssrc)) {
        ++counters_.excess;
        return std::nullopt;
    }
    int size = static_cast<int>(packet.size());
    const auto status = srtp_unprotect_rtcp(impl_->context, packet.data(), &size);
    if (status != srtp_err_status_ok) {
        count(status);
        return std::nullopt;
    }
    remember(ssrc);
    return packet.first(static_cast<std::size_t>(size));
}

bool SrtpReceiver::has_place_for(std::uint32_t ssrc) const {
    return sources_.size() < kMostSources || std::ranges::find(sources_, ssrc) != sources_.end();
}

void SrtpReceiver::remember(std::uint32_t ssrc) {
    if (std::ranges::find(sources_, ssrc) == sources_.end()) sources_.push_back(ssrc);
}

void SrtpReceiver::count(int status) {
    switch (status) {
        case srtp_err_status_auth_fail:
        // What an AEAD cipher says where its tag does not fit.
        case srtp_err_status_cipher_fail:
            ++counters_.forged;
            return;
        case srtp_err_status_replay_fail:
        case srtp_err_status_replay_old:
            ++counters_.replayed;
            return;
        case srtp_err_status_bad_param:
        case srtp_err_status_parse_err:
            ++counters_.malformed;
            return;
        default:
            ++counters_.excess;
    }
}

}  // namespace mcu
