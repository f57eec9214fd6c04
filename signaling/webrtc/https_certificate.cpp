#include "signaling/webrtc/https_certificate.h"

#include <gio/gio.h>

#include <utility>

#include "common/log.h"

namespace signaling {

HttpsCertificate::HttpsCertificate(TlsIdentity::Files files, std::unique_ptr<TlsIdentity> identity)
    : files_(std::move(files)), identity_(std::move(identity)) {}

HttpsCertificate::~HttpsCertificate() {
    if (certificate_ != nullptr) g_object_unref(certificate_);
}

common::Result<std::unique_ptr<HttpsCertificate>> HttpsCertificate::open(TlsIdentity::Files files) {
    auto identity = TlsIdentity::open(files);
    if (!identity) return tl::unexpected(identity.error());
    std::unique_ptr<HttpsCertificate> opened(
        new HttpsCertificate(std::move(files), *std::move(identity)));
    if (auto loaded = opened->load(); !loaded) return tl::unexpected(loaded.error());
    return opened;
}

common::Result<void> HttpsCertificate::load() {
    GError* error = nullptr;
    GTlsCertificate* read = g_tls_certificate_new_from_files(files_.certificate.c_str(),
                                                             files_.private_key.c_str(), &error);
    if (read == nullptr) {
        const std::string why = error->message;
        g_error_free(error);
        return common::fail(common::ErrorCode::Io, "read '" + files_.certificate + "': " + why);
    }
    if (void* old = std::exchange(certificate_, read)) g_object_unref(old);
    return {};
}

bool HttpsCertificate::refresh() {
    if (!identity_->refresh()) return false;
    const auto loaded = load();
    if (!loaded) LOG_WARNING("HTTPS keeps its certificate: {}", loaded.error().message);
    return loaded.has_value();
}

}  // namespace signaling
