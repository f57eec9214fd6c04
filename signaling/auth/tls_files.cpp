#include "signaling/auth/tls_files.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace signaling {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

constexpr long kSecondsOfTenYears = 315'360'000;

tl::unexpected<common::Error> failure(const std::string& doing, int error) {
    return common::fail(common::ErrorCode::Io, doing + ": " + std::strerror(error));
}

// RFC 5280 4.1.2.2: positive, at most 20 octets.
bool set_serial(X509* certificate) {
    std::uint64_t serial = 0;
    return RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U) == 1;
}

bool add_alternative_name(X509* certificate, const std::string& name) {
    const std::string value = "DNS:" + name;
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, value.c_str());
    if (extension == nullptr) return false;
    const bool added = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

Certificate self_signed(EVP_PKEY* key, const std::string& name) {
    Certificate made(X509_new(), X509_free);
    if (made == nullptr) return made;
    X509_NAME* subject = X509_get_subject_name(made.get());
    const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
    const bool good =
        X509_set_version(made.get(), 2) == 1 && set_serial(made.get()) &&
        X509_gmtime_adj(X509_getm_notBefore(made.get()), -86'400) != nullptr &&
        X509_gmtime_adj(X509_getm_notAfter(made.get()), kSecondsOfTenYears) != nullptr &&
        X509_set_pubkey(made.get(), key) == 1 &&
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
        X509_set_issuer_name(made.get(), subject) == 1 && add_alternative_name(made.get(), name) &&
        X509_sign(made.get(), key, EVP_sha256()) > 0;
    if (!good) made.reset();
    return made;
}

template <typename Write>
common::Result<void> write_file(const std::string& path, mode_t mode, const Write& write) {
    std::error_code ignored;  // opening says it better
    const auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (descriptor < 0) return failure("make '" + path + "'", errno);
    const File file(fdopen(descriptor, "w"), std::fclose);
    if (file == nullptr || !write(file.get()) || std::fflush(file.get()) != 0) {
        return failure("write '" + path + "'", errno);
    }
    return {};
}

common::Result<void> write_key(const std::string& path, EVP_PKEY* key) {
    return write_file(path, 0600, [key](std::FILE* file) {
        return PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
    });
}

}  // namespace

common::Result<void> make_self_signed(const std::string& certificate_file,
                                      const std::string& private_key_file,
                                      const std::string& name) {
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const Certificate certificate =
        key != nullptr ? self_signed(key.get(), name) : Certificate(nullptr, X509_free);
    if (certificate == nullptr) {
        return common::fail(common::ErrorCode::Internal, "no certificate could be made");
    }
    auto written = write_key(private_key_file, key.get());
    if (!written) return written;
    return write_file(certificate_file, 0644, [&certificate](std::FILE* file) {
        return PEM_write_X509(file, certificate.get()) == 1;
    });
}

common::Result<void> make_private_key(const std::string& file) {
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    if (key == nullptr) return common::fail(common::ErrorCode::Internal, "no key could be made");
    return write_key(file, key.get());
}

}  // namespace signaling
