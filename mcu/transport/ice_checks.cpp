#include "mcu/transport/ice_checks.h"

// Of libnice the STUN library alone: its agent reads its sockets itself, one poll(2) entry and one
// datagram at a time, and does not tell when a peer last proved itself.
extern "C" {
#include <stun/stunagent.h>
#include <stun/usages/ice.h>
}

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <string_view>

namespace mcu {

namespace {

// Comprehension-required ones that a check may have; any other is an error (RFC 8489 6.3.1).
constexpr std::array<std::uint16_t, 8> kKnownAttributes{
    STUN_ATTRIBUTE_USERNAME,           STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
    STUN_ATTRIBUTE_ERROR_CODE,         STUN_ATTRIBUTE_PRIORITY,
    STUN_ATTRIBUTE_USE_CANDIDATE,      STUN_ATTRIBUTE_MAPPED_ADDRESS,
    STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS, 0};

bool of_ice_chars(const std::string& text, std::size_t least) {
    return text.size() >= least && text.size() <= 256 && std::ranges::all_of(text, [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '/';
           });
}

}  // namespace

bool IceCredentials::valid() const {
    return of_ice_chars(ufrag, 4) && of_ice_chars(pwd, 22);
}

struct IceChecks::Impl {
    StunAgent agent{};
    IceCredentials local, before;  ///< `before`: of the session that a restart ends; or empty
    std::string remote_ufrag;
    bool used_new = false;  ///< by the message that is looked at

    /// RFC 8445 7.2.2: the name is ours, a colon, and the peer's.
    static bool password_of(StunAgent*, StunMessage*, std::uint8_t* name, std::uint16_t name_bytes,
                            std::uint8_t** password, std::size_t* password_bytes, void* self) {
        auto& impl = *static_cast<Impl*>(self);
        const std::string_view text(reinterpret_cast<const char*>(name), name_bytes);
        const auto names = [&](const IceCredentials& ours) {
            return !ours.ufrag.empty() && text.size() > ours.ufrag.size() &&
                   text.starts_with(ours.ufrag) && text[ours.ufrag.size()] == ':';
        };
        impl.used_new = names(impl.local);
        IceCredentials* ours =
            impl.used_new ? &impl.local : (names(impl.before) ? &impl.before : nullptr);
        if (ours == nullptr) return false;
        const std::string_view theirs = text.substr(ours->ufrag.size() + 1);
        if (impl.used_new && !impl.remote_ufrag.empty() && theirs != impl.remote_ufrag) {
            return false;
        }
        *password = reinterpret_cast<std::uint8_t*>(ours->pwd.data());
        *password_bytes = ours->pwd.size();
        return true;
    }
};

IceChecks::IceChecks() : impl_(std::make_unique<Impl>()) {
    stun_agent_init(&impl_->agent, kKnownAttributes.data(), STUN_COMPATIBILITY_RFC5389,
                    static_cast<StunAgentUsageFlags>(STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS |
                                                     STUN_AGENT_USAGE_USE_FINGERPRINT));
}

IceChecks::~IceChecks() = default;

void IceChecks::set_credentials(const IceCredentials& local, const std::string& remote_ufrag) {
    if (!(impl_->local == local)) {
        impl_->before = std::move(impl_->local);
        impl_->local = local;
    }
    impl_->remote_ufrag = remote_ufrag;
}

IceChecks::Outcome IceChecks::answer(std::span<const std::uint8_t> datagram,
                                     const SocketAddress& from, std::span<std::uint8_t> answer) {
    if (impl_->local.ufrag.empty() || !from.valid()) return {};
    StunMessage request{};
    StunMessage reply{};
    const StunValidationStatus status = stun_agent_validate(
        &impl_->agent, &request, datagram.data(), datagram.size(), &Impl::password_of, impl_.get());
    if (status == STUN_VALIDATION_UNKNOWN_REQUEST_ATTRIBUTE) {
        return {.answer_bytes = stun_agent_build_unknown_attributes_error(
                    &impl_->agent, &reply, answer.data(), answer.size(), &request)};
    }
    if (status != STUN_VALIDATION_SUCCESS || stun_message_get_class(&request) != STUN_REQUEST ||
        stun_message_get_method(&request) != STUN_BINDING) {
        return {};
    }
    sockaddr_storage source{};
    std::memcpy(&source, from.native(), from.native_bytes());
    std::size_t bytes = answer.size();
    bool we_control = false;
    // A tie-breaker of all ones would make us take the other role; with 0 the peer is told to
    // (RFC 8445 7.3.1.1): a lite agent does not control a full one.
    const StunUsageIceReturn made = stun_usage_ice_conncheck_create_reply(
        &impl_->agent, &request, &reply, answer.data(), &bytes, &source, from.native_bytes(),
        &we_control, 0, STUN_USAGE_ICE_COMPATIBILITY_RFC5245);
    if (made != STUN_USAGE_ICE_RETURN_SUCCESS) return {.answer_bytes = bytes};
    if (impl_->used_new) impl_->before = {};
    return {.answer_bytes = bytes,
            .valid = true,
            .nominates = stun_usage_ice_conncheck_use_candidate(&request)};
}

}  // namespace mcu
