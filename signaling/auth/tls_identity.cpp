#include "signaling/auth/tls_identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <tuple>
#include <utility>
#include <vector>

#include "common/invariant.h"
#include "common/log.h"
#include "signaling/auth/tls_files.h"

namespace signaling {
namespace {

// With forward secrecy only. CBC stays for room systems that stopped at the first TLS 1.2.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:!aNULL:!eNULL";

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;
using KeyPtr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

struct FreeChain {
    void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};

struct Credentials {
    X509Ptr certificate{nullptr, X509_free};
    std::unique_ptr<STACK_OF(X509), FreeChain> chain;
    KeyPtr key{nullptr, EVP_PKEY_free};
};

std::string openssl_reason() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return reason == nullptr ? "not PEM" : reason;
}

common::Result<File> open_file(const std::string& path) {
    File file(std::fopen(path.c_str(), "re"), std::fclose);
    if (file == nullptr) {
        return common::fail(common::ErrorCode::Io, "open '" + path + "': " + std::strerror(errno));
    }
    return file;
}

// A passphrase would be asked for on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) {
    return -1;
}

common::Result<Credentials> read_credentials(const TlsIdentity::Files& files) {
    auto certificate_file = open_file(files.certificate);
    if (!certificate_file) return tl::unexpected(certificate_file.error());
    auto key_file = open_file(files.private_key);
    if (!key_file) return tl::unexpected(key_file.error());
    const auto bad = [](const std::string& path) {
        return common::fail(common::ErrorCode::InvalidArgument,
                            "read '" + path + "': " + openssl_reason());
    };
    ERR_clear_error();
    Credentials read;
    std::FILE* pem = certificate_file->get();
    read.certificate.reset(PEM_read_X509(pem, nullptr, no_passphrase, nullptr));
    if (read.certificate == nullptr) return bad(files.certificate);
    read.chain.reset(sk_X509_new_null());
    while (X509* next = PEM_read_X509(pem, nullptr, no_passphrase, nullptr)) {
        sk_X509_push(read.chain.get(), next);
    }
    ERR_clear_error();  // the end of the file
    read.key.reset(PEM_read_PrivateKey(key_file->get(), nullptr, no_passphrase, nullptr));
    if (read.key == nullptr) return bad(files.private_key);
    if (X509_check_private_key(read.certificate.get(), read.key.get()) != 1) {
        ERR_clear_error();
        return common::fail(common::ErrorCode::InvalidArgument,
                            "'" + files.private_key + "' is not the key of the certificate in '" +
                                files.certificate + "'");
    }
    return read;
}

/// What tells that a file is another one; links are followed, as certbot changes links.
using Stamp = std::tuple<bool, ino_t, off_t, std::int64_t, std::int64_t>;

Stamp stamp_of(const std::string& path) {
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) return {};
    return {true, about.st_ino, about.st_size, about.st_mtim.tv_sec, about.st_mtim.tv_nsec};
}

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "tessera";
    return std::string(name.data()).substr(0, 64);  // RFC 5280: ub-common-name
}

thread_local std::vector<SSL_CTX*>* made_contexts = nullptr;

// OpenSSL tells of every new SSL_CTX whoever has an index for their extra data.
extern "C" void on_new_context(void* parent, void* /*pointer*/, CRYPTO_EX_DATA* /*data*/,
                               int /*index*/, long /*number*/, void* /*argument*/) {
    if (made_contexts != nullptr) made_contexts->push_back(static_cast<SSL_CTX*>(parent));
}

}  // namespace

struct TlsIdentity::Impl {
    Files files;
    Credentials credentials;
    Stamp certificate_stamp;
    Stamp key_stamp;
    std::vector<SSL_CTX*> contexts;  // being made

    common::Result<void> load();
    bool changed() const {
        return stamp_of(files.certificate) != certificate_stamp ||
               stamp_of(files.private_key) != key_stamp;
    }
    void furnish(SSL_CTX* context);
    static int on_handshake(SSL* connection, void* self);
};

common::Result<void> TlsIdentity::Impl::load() {
    certificate_stamp = stamp_of(files.certificate);
    key_stamp = stamp_of(files.private_key);
    auto read = read_credentials(files);
    if (!read) return tl::unexpected(read.error());
    credentials = *std::move(read);
    return {};
}

int TlsIdentity::Impl::on_handshake(SSL* connection, void* self) {
    const Credentials& now = static_cast<Impl*>(self)->credentials;
    return SSL_use_cert_and_key(connection, now.certificate.get(), now.key.get(), now.chain.get(),
                                1);
}

void TlsIdentity::Impl::furnish(SSL_CTX* context) {
    SSL_CTX_set_cert_cb(context, on_handshake, this);
    const bool set = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                     SSL_CTX_set_cipher_list(context, kCiphers) == 1;
    INVARIANT(set);
    // The end of a connection without its closing alert is no error worth a word: SIP messages know
    // where they end.
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
}

TlsIdentity::TlsIdentity(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsIdentity::~TlsIdentity() = default;

common::Result<std::unique_ptr<TlsIdentity>> TlsIdentity::open(Files files) {
    auto impl = std::make_unique<Impl>();
    impl->files = std::move(files);
    const Files& where = impl->files;
    const bool none = access(where.certificate.c_str(), F_OK) != 0 &&
                      access(where.private_key.c_str(), F_OK) != 0;
    if (where.make && none) {
        const auto made = make_self_signed(where.certificate, where.private_key, host_name());
        if (!made) return tl::unexpected(made.error());
        LOG_INFO("made a self-signed certificate file={}", where.certificate);
    }
    const auto loaded = impl->load();
    if (!loaded) return tl::unexpected(loaded.error());
    return std::unique_ptr<TlsIdentity>(new TlsIdentity(std::move(impl)));
}

bool TlsIdentity::refresh() {
    if (!impl_->changed()) return false;
    const auto loaded = impl_->load();
    if (!loaded) {
        LOG_WARNING("certificate not reloaded, the old one stays: {}", loaded.error().message);
        return false;
    }
    LOG_INFO("certificate reloaded file={}", impl_->files.certificate);
    return true;
}

TlsIdentity::Furnishing::Furnishing(TlsIdentity& identity) : identity_(identity) {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, on_new_context, nullptr, nullptr);
    INVARIANT(index >= 0 && made_contexts == nullptr);
    made_contexts = &identity_.impl_->contexts;
}

TlsIdentity::Furnishing::~Furnishing() {
    made_contexts = nullptr;
    for (SSL_CTX* context : std::exchange(identity_.impl_->contexts, {})) {
        identity_.impl_->furnish(context);
    }
}

}  // namespace signaling
