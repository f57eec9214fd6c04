#include "mcu/transport/srtp_session.h"

#include <arpa/inet.h>
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

/// The library's words for a key; they end with it.
struct Policy {
    Policy(const SrtpKey& key, srtp_ssrc_t sources) {
        std::ranges::copy(key.bytes(), bytes.begin());
        set_suite(policy, key.suite());
        policy.ssrc = sources;
        policy.key = bytes.data();
        policy.window_size = kReplayWindow;
        policy.allow_repeat_tx = 1;
    }
    ~Policy() { explicit_bzero(bytes.data(), bytes.size()); }
    Policy(const Policy&) = delete;
    Policy& operator=(const Policy&) = delete;

    srtp_policy_t policy{};
    std::array<std::uint8_t, SrtpKey::kMostBytes> bytes{};
};

Result<srtp_t> open_context(const SrtpKey& key, srtp_ssrc_type_t direction) {
    if (!key.valid()) return common::fail(ErrorCode::InvalidArgument, "no SRTP key");
    if (!library_ready()) return common::fail(ErrorCode::Internal, "libsrtp2 does not start");
    const Policy policy(key, {direction, 0});
    srtp_t context = nullptr;
    const srtp_err_status_t status = srtp_create(&context, &policy.policy);
    if (status == srtp_err_status_ok) return context;
    return common::fail(ErrorCode::Internal, std::string("libsrtp2 refuses ") +
                                                 common::srtp_suite_name(key.suite()) +
                                                 ", status " + std::to_string(status));
}

bool is_forged(int status) {
    // An AEAD cipher says that it failed where its tag does not fit.
    return status == srtp_err_status_auth_fail || status == srtp_err_status_cipher_fail;
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
    Impl(srtp_t made, const SrtpKey& k) : context(made), key(k) {}
    ~Impl() { srtp_dealloc(context); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    srtp_t context;
    SrtpKey key;
    std::vector<std::uint8_t> sealed;  ///< a packet that may have to be opened more than once
};

SrtpReceiver::SrtpReceiver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SrtpReceiver::~SrtpReceiver() = default;

Result<std::unique_ptr<SrtpReceiver>> SrtpReceiver::create(const SrtpKey& key) {
    Result<srtp_t> context = open_context(key, ssrc_any_inbound);
    if (!context) return tl::unexpected(std::move(context.error()));
    return std::unique_ptr<SrtpReceiver>(new SrtpReceiver(std::make_unique<Impl>(*context, key)));
}

std::optional<std::span<std::uint8_t>> SrtpReceiver::open_rtp(std::span<std::uint8_t> packet) {
    if (packet.size() < kRtpHeaderBytes || packet.size() > UINT16_MAX) {
        ++counters_.malformed;
        return std::nullopt;
    }
    const std::uint32_t ssrc = ssrc_at(packet, kRtpSsrcAt);
    const Source* const known = find(ssrc);
    if (known == nullptr && sources_.size() >= kMostSources) {
        ++counters_.excess;
        return std::nullopt;
    }
    const bool first = known == nullptr || !known->by_rtp;
    // An AEAD cipher has written into the packet before it knows that the tag does not fit.
    if (first) impl_->sealed.assign(packet.begin(), packet.end());
    int size = static_cast<int>(packet.size());
    int status = srtp_unprotect(impl_->context, packet.data(), &size);
    if (first && is_forged(status)) status = open_rolled_over(ssrc, impl_->sealed, packet, size);
    if (status != srtp_err_status_ok) {
        count(status);
        return std::nullopt;
    }
    if (first) remember(ssrc, true);
    return packet.first(static_cast<std::size_t>(size));
}

int SrtpReceiver::open_rolled_over(std::uint32_t ssrc, std::span<const std::uint8_t> sealed,
                                   std::span<std::uint8_t> packet, int& size) {
    if (guesses_ + kMostRollOvers > kMostGuesses) return srtp_err_status_auth_fail;
    // A counter can be set only where there is a stream, and that is made by its first packet.
    const bool was_there = find(ssrc) != nullptr;
    if (!was_there) {
        const Policy policy(impl_->key, {ssrc_specific, ssrc});
        const auto added = srtp_add_stream(impl_->context, &policy.policy);
        if (added != srtp_err_status_ok) return added;
    }
    for (std::uint32_t count = 1; count <= kMostRollOvers; ++count) {
        ++guesses_;
        std::ranges::copy(sealed, packet.begin());
        size = static_cast<int>(packet.size());
        srtp_set_stream_roc(impl_->context, ssrc, count);
        const int status = srtp_unprotect(impl_->context, packet.data(), &size);
        if (status == srtp_err_status_ok) return status;
    }
    if (was_there) {
        srtp_set_stream_roc(impl_->context, ssrc, 0);
    } else {
        srtp_remove_stream(impl_->context, htonl(ssrc));
    }
    return srtp_err_status_auth_fail;
}

std::optional<std::span<std::uint8_t>> SrtpReceiver::open_rtcp(std::span<std::uint8_t> packet) {
    if (packet.size() < kRtcpHeaderBytes || packet.size() > UINT16_MAX) {
        ++counters_.malformed;
        return std::nullopt;
    }
    const std::uint32_t ssrc = ssrc_at(packet, kRtcpSsrcAt);
    const bool known = find(ssrc) != nullptr;
    if (!known && sources_.size() >= kMostSources) {
        ++counters_.excess;
        return std::nullopt;
    }
    int size = static_cast<int>(packet.size());
    const auto status = srtp_unprotect_rtcp(impl_->context, packet.data(), &size);
    if (status != srtp_err_status_ok) {
        count(status);
        return std::nullopt;
    }
    if (!known) remember(ssrc, false);
    return packet.first(static_cast<std::size_t>(size));
}

const SrtpReceiver::Source* SrtpReceiver::find(std::uint32_t ssrc) const {
    const auto found = std::ranges::find(sources_, ssrc, &Source::ssrc);
    return found == sources_.end() ? nullptr : &*found;
}

void SrtpReceiver::remember(std::uint32_t ssrc, bool by_rtp) {
    const auto found = std::ranges::find(sources_, ssrc, &Source::ssrc);
    if (found == sources_.end()) {
        sources_.push_back({ssrc, by_rtp});
    } else {
        found->by_rtp |= by_rtp;
    }
}

void SrtpReceiver::count(int status) {
    if (is_forged(status)) {
        ++counters_.forged;
        return;
    }
    switch (status) {
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
