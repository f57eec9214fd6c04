#include "mcu/transport/dtls_association.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/invariant.h"

namespace mcu {

using common::ErrorCode;
using common::Fingerprint;
using common::Result;
using common::SrtpKey;
using common::SrtpSuite;

namespace {

constexpr const char* kProfiles =
    "SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::string_view kExporterLabel = "EXTRACTOR-dtls_srtp";  // RFC 5764 4.2
constexpr long kCertificateSeconds = 10L * 365 * 24 * 3600;
constexpr unsigned kFirstTimeoutUs = 250'000;
constexpr unsigned kLongestTimeoutUs = 2'000'000;
constexpr std::size_t kCookieSecretBytes = 32;

template <auto Free>
struct Freed {
    template <typename T>
    void operator()(T* thing) const {
        Free(thing);
    }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Freed<X509_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Freed<SSL_free>>;
using BioMethodPtr = std::unique_ptr<BIO_METHOD, Freed<BIO_meth_free>>;
using BioAddressPtr = std::unique_ptr<BIO_ADDR, Freed<BIO_ADDR_free>>;

tl::unexpected<common::Error> openssl_failed(const std::string& what) {
    std::array<char, 160> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    ERR_clear_error();
    return common::fail(ErrorCode::Internal, what + ": " + text.data());
}

const EVP_MD* digest_for(Fingerprint::Hash hash) {
    if (hash == Fingerprint::Hash::Sha256) return EVP_sha256();
    return hash == Fingerprint::Hash::Sha384 ? EVP_sha384() : EVP_sha512();
}

std::optional<Fingerprint> fingerprint_of(const X509* certificate, Fingerprint::Hash hash) {
    Fingerprint fingerprint{hash, std::vector<std::uint8_t>(EVP_MAX_MD_SIZE)};
    unsigned bytes = 0;
    if (X509_digest(certificate, digest_for(hash), fingerprint.bytes.data(), &bytes) != 1) {
        return std::nullopt;
    }
    fingerprint.bytes.resize(bytes);
    return fingerprint;
}

CertificatePtr make_certificate(EVP_PKEY* key) {
    CertificatePtr certificate(X509_new());
    std::uint64_t serial = 0;
    if (!certificate || RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 8) != 1) return {};
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1U);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -24L * 3600);  // clocks differ
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kCertificateSeconds);
    X509_NAME* name = X509_get_subject_name(certificate.get());
    const auto* common_name = reinterpret_cast<const unsigned char*>("tessera");
    if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) != 1 ||
        X509_set_issuer_name(certificate.get(), name) != 1 ||
        X509_set_pubkey(certificate.get(), key) != 1 ||
        X509_sign(certificate.get(), key, EVP_sha256()) == 0) {
        return {};
    }
    return certificate;
}

std::optional<SrtpSuite> suite_of(const SRTP_PROTECTION_PROFILE* profile) {
    if (profile == nullptr) return std::nullopt;
    switch (profile->id) {
        case SRTP_AEAD_AES_256_GCM:
            return SrtpSuite::AeadAes256Gcm;
        case SRTP_AEAD_AES_128_GCM:
            return SrtpSuite::AeadAes128Gcm;
        case SRTP_AES128_CM_SHA1_80:
            return SrtpSuite::AesCm128HmacSha1_80;
        default:
            return std::nullopt;
    }
}

unsigned next_timeout_us(SSL* /*ssl*/, unsigned last_us) {
    return last_us == 0 ? kFirstTimeoutUs : std::min(2 * last_us, kLongestTimeoutUs);
}

}  // namespace

// ---- what all associations share

struct DtlsIdentity::Impl {
    ContextPtr context;
    BioMethodPtr datagrams;
    std::array<std::uint8_t, kCookieSecretBytes> cookie_secret{};
};

struct DtlsAssociation::Impl {
    Impl(const DtlsIdentity& identity_in, std::vector<Fingerprint> expected_in, Send send_in)
        : identity(*identity_in.impl_),
          expected(std::move(expected_in)),
          send(std::move(send_in)) {}

    bool certificate_fits(const X509* certificate) const;
    bool make_cookie(unsigned char* cookie, unsigned* bytes) const;
    void advance();
    void finish();
    void fail(std::string why);
    void fail_by_library();

    static Impl& of(const SSL* ssl) { return *static_cast<Impl*>(SSL_get_app_data(ssl)); }
    static Impl& of(BIO* bio) { return *static_cast<Impl*>(BIO_get_data(bio)); }

    // What OpenSSL calls.
    static int on_verify(X509_STORE_CTX* store, void* /*argument*/);
    static int on_make_cookie(SSL* ssl, unsigned char* cookie, unsigned* bytes);
    static int on_check_cookie(SSL* ssl, const unsigned char* cookie, unsigned bytes);
    static int on_write(BIO* bio, const char* data, int bytes);
    static int on_read(BIO* bio, char* data, int bytes);
    static long on_control(BIO* bio, int command, long number, void* pointer);

    const DtlsIdentity::Impl& identity;
    const std::vector<Fingerprint> expected;
    const Send send;
    SslPtr ssl;
    State state = State::Handshaking;
    std::span<const std::uint8_t> incoming;  ///< empty: read
    std::string peer;                        ///< who the cookie is for
    SrtpKeyPair keys;
    std::string failure;
    bool wrong_certificate = false;
    bool right_certificate = false;
};

DtlsIdentity::DtlsIdentity(std::unique_ptr<Impl> impl, Fingerprint fingerprint)
    : impl_(std::move(impl)), fingerprint_(std::move(fingerprint)) {}
DtlsIdentity::~DtlsIdentity() {
    explicit_bzero(impl_->cookie_secret.data(), impl_->cookie_secret.size());
}

Result<std::unique_ptr<DtlsIdentity>> DtlsIdentity::create() {
    using Callbacks = DtlsAssociation::Impl;
    const KeyPtr key(EVP_EC_gen("P-256"));
    if (!key) return openssl_failed("make a DTLS key");
    const CertificatePtr certificate = make_certificate(key.get());
    if (!certificate) return openssl_failed("make a DTLS certificate");
    auto impl = std::make_unique<Impl>();
    impl->context.reset(SSL_CTX_new(DTLS_method()));
    SSL_CTX* context = impl->context.get();
    if (context == nullptr || RAND_bytes(impl->cookie_secret.data(), kCookieSecretBytes) != 1 ||
        SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, kCiphers) != 1 ||
        SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context, key.get()) != 1 ||
        SSL_CTX_set_tlsext_use_srtp(context, kProfiles) != 0) {  // 0 is its success
        return openssl_failed("set up DTLS");
    }
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(context, 1);  // a datagram is read whole
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(context, &Callbacks::on_verify, nullptr);
    SSL_CTX_set_cookie_generate_cb(context, &Callbacks::on_make_cookie);
    SSL_CTX_set_cookie_verify_cb(context, &Callbacks::on_check_cookie);

    impl->datagrams.reset(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams"));
    if (!impl->datagrams) return openssl_failed("set up DTLS");
    BIO_meth_set_write(impl->datagrams.get(), &Callbacks::on_write);
    BIO_meth_set_read(impl->datagrams.get(), &Callbacks::on_read);
    BIO_meth_set_ctrl(impl->datagrams.get(), &Callbacks::on_control);

    auto fingerprint = fingerprint_of(certificate.get(), Fingerprint::Hash::Sha256);
    if (!fingerprint) return openssl_failed("hash the DTLS certificate");
    return std::unique_ptr<DtlsIdentity>(new DtlsIdentity(std::move(impl), *fingerprint));
}

// ---- one association

DtlsAssociation::DtlsAssociation(const DtlsIdentity& identity, DtlsRole role,
                                 std::vector<Fingerprint> expected, Send send)
    : impl_(std::make_unique<Impl>(identity, std::move(expected), std::move(send))) {
    impl_->ssl.reset(SSL_new(impl_->identity.context.get()));
    BIO* bio = BIO_new(impl_->identity.datagrams.get());
    INVARIANT(impl_->ssl != nullptr && bio != nullptr);  // out of memory else
    BIO_set_data(bio, impl_.get());
    BIO_set_init(bio, 1);
    SSL* ssl = impl_->ssl.get();
    SSL_set_bio(ssl, bio, bio);
    SSL_set_app_data(ssl, impl_.get());
    DTLS_set_link_mtu(ssl, kLinkMtuBytes);
    DTLS_set_timer_cb(ssl, &next_timeout_us);
    if (role == DtlsRole::Client) {
        SSL_set_connect_state(ssl);
    } else {
        SSL_set_accept_state(ssl);
        impl_->state = State::Listening;
    }
}

DtlsAssociation::~DtlsAssociation() = default;

void DtlsAssociation::start() {
    impl_->advance();
}

bool DtlsAssociation::greet(std::span<const std::uint8_t> datagram, const SocketAddress& from) {
    INVARIANT(impl_->state == State::Listening);
    impl_->peer = from.to_string();
    impl_->incoming = datagram;
    const BioAddressPtr unused(BIO_ADDR_new());
    INVARIANT(unused != nullptr);
    ERR_clear_error();
    const int proven = DTLSv1_listen(impl_->ssl.get(), unused.get());
    ERR_clear_error();
    impl_->incoming = {};
    if (proven != 1) return false;
    impl_->state = State::Handshaking;
    impl_->advance();
    return true;
}

void DtlsAssociation::receive(std::span<const std::uint8_t> datagram) {
    if (impl_->state == State::Failed || impl_->state == State::Listening) return;
    impl_->incoming = datagram;
    if (impl_->state == State::Handshaking) {
        impl_->advance();
    } else {
        // The peer's repeated last flight is answered in here. Data and alerts mean nothing to us:
        // the call ends by signalling.
        std::array<std::uint8_t, 256> data;
        ERR_clear_error();
        while (SSL_read(impl_->ssl.get(), data.data(), data.size()) > 0) {
        }
        ERR_clear_error();
    }
    impl_->incoming = {};
}

std::optional<common::Duration> DtlsAssociation::until_due() const {
    timeval left{};
    if (impl_->state != State::Handshaking) return std::nullopt;
    if (DTLSv1_get_timeout(impl_->ssl.get(), &left) != 1) return std::nullopt;
    return std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
}

void DtlsAssociation::on_due() {
    if (impl_->state != State::Handshaking) return;
    ERR_clear_error();
    if (DTLSv1_handle_timeout(impl_->ssl.get()) < 0) impl_->fail("the peer does not answer");
    ERR_clear_error();
}

DtlsAssociation::State DtlsAssociation::state() const {
    return impl_->state;
}
const SrtpKeyPair& DtlsAssociation::keys() const {
    return impl_->keys;
}
const std::string& DtlsAssociation::failure() const {
    return impl_->failure;
}
bool DtlsAssociation::showed_certificate() const {
    return impl_->right_certificate;
}
bool DtlsAssociation::wrong_certificate() const {
    return impl_->wrong_certificate;
}

void DtlsAssociation::Impl::advance() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl.get());
    if (result == 1) return finish();
    const int reason = SSL_get_error(ssl.get(), result);
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) fail_by_library();
    ERR_clear_error();
}

void DtlsAssociation::Impl::finish() {
    const CertificatePtr certificate(SSL_get1_peer_certificate(ssl.get()));
    if (!certificate || !certificate_fits(certificate.get())) {
        wrong_certificate = true;
        return fail("the peer's certificate is not the one it told");
    }
    const std::optional<SrtpSuite> suite = suite_of(SSL_get_selected_srtp_profile(ssl.get()));
    if (!suite) return fail("no common SRTP profile");
    // RFC 5764 4.2: client's key, server's key, client's salt, server's salt.
    const std::size_t key_bytes = common::srtp_cipher_key_bytes(*suite);
    const std::size_t salt_bytes = common::srtp_salt_bytes(*suite);
    std::array<std::uint8_t, 2 * SrtpKey::kMostBytes> material{};
    if (SSL_export_keying_material(ssl.get(), material.data(), 2 * (key_bytes + salt_bytes),
                                   kExporterLabel.data(), kExporterLabel.size(), nullptr, 0,
                                   0) != 1) {
        return fail_by_library();
    }
    const auto key_of = [&](std::size_t side) {
        std::array<std::uint8_t, SrtpKey::kMostBytes> bytes{};
        const auto from = std::span(material);
        std::ranges::copy(from.subspan(side * key_bytes, key_bytes), bytes.begin());
        std::ranges::copy(from.subspan(2 * key_bytes + side * salt_bytes, salt_bytes),
                          bytes.begin() + static_cast<std::ptrdiff_t>(key_bytes));
        const auto key = SrtpKey::of(*suite, std::span(bytes).first(key_bytes + salt_bytes));
        explicit_bzero(bytes.data(), bytes.size());
        return *key;
    };
    const bool we_are_client = SSL_is_server(ssl.get()) == 0;
    keys.send = key_of(we_are_client ? 0 : 1);
    keys.receive = key_of(we_are_client ? 1 : 0);
    explicit_bzero(material.data(), material.size());
    state = State::Established;
}

void DtlsAssociation::Impl::fail(std::string why) {
    state = State::Failed;
    failure = std::move(why);
}

void DtlsAssociation::Impl::fail_by_library() {
    if (wrong_certificate) return fail("the peer's certificate is not the one it told");
    const char* reason = ERR_reason_error_string(ERR_peek_error());
    fail(reason != nullptr ? reason : "the handshake failed");
}

bool DtlsAssociation::Impl::certificate_fits(const X509* certificate) const {
    return std::ranges::any_of(expected, [&](const Fingerprint& wanted) {
        return fingerprint_of(certificate, wanted.hash) == wanted;
    });
}

int DtlsAssociation::Impl::on_verify(X509_STORE_CTX* store, void* /*argument*/) {
    const auto* ssl = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    Impl& self = of(ssl);
    const X509* certificate = X509_STORE_CTX_get0_cert(store);
    if (certificate != nullptr && self.certificate_fits(certificate)) {
        self.right_certificate = true;
        return 1;
    }
    self.wrong_certificate = true;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

bool DtlsAssociation::Impl::make_cookie(unsigned char* cookie, unsigned* bytes) const {
    return HMAC(EVP_sha256(), identity.cookie_secret.data(), kCookieSecretBytes,
                reinterpret_cast<const unsigned char*>(peer.data()), peer.size(), cookie,
                bytes) != nullptr;
}

int DtlsAssociation::Impl::on_make_cookie(SSL* ssl, unsigned char* cookie, unsigned* bytes) {
    return of(ssl).make_cookie(cookie, bytes) ? 1 : 0;
}

int DtlsAssociation::Impl::on_check_cookie(SSL* ssl, const unsigned char* cookie, unsigned bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> ours{};
    unsigned our_bytes = 0;
    if (!of(ssl).make_cookie(ours.data(), &our_bytes) || bytes != our_bytes) return 0;
    return CRYPTO_memcmp(cookie, ours.data(), our_bytes) == 0 ? 1 : 0;
}

// Each write is one datagram: the library buffers a flight and flushes it by the MTU.
int DtlsAssociation::Impl::on_write(BIO* bio, const char* data, int bytes) {
    of(bio).send({reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(bytes)});
    return bytes;
}

int DtlsAssociation::Impl::on_read(BIO* bio, char* data, int bytes) {
    BIO_clear_retry_flags(bio);
    std::span<const std::uint8_t>& incoming = of(bio).incoming;
    if (incoming.empty()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const auto datagram = std::exchange(incoming, {});
    const std::size_t count = std::min(datagram.size(), static_cast<std::size_t>(bytes));
    std::copy_n(datagram.begin(), count, data);
    return static_cast<int>(count);
}

long DtlsAssociation::Impl::on_control(BIO* /*bio*/, int command, long /*number*/,
                                       void* /*pointer*/) {
    constexpr long kIpv6AndUdpHeaderBytes = 48;
    switch (command) {
        case BIO_CTRL_FLUSH:
            return 1;
        case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
            return kIpv6AndUdpHeaderBytes;
        case BIO_CTRL_DGRAM_QUERY_MTU:
        case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
            return static_cast<long>(kLinkMtuBytes) - kIpv6AndUdpHeaderBytes;
        default:
            return 0;
    }
}

}  // namespace mcu
