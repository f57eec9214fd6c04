#include "signaling/sip/tls_folder.h"

#include <glib.h>

#include <filesystem>

#include "common/log.h"
#include "signaling/auth/tls_files.h"

namespace signaling {

TlsFolder::TlsFolder(bool wanted) {
    if (!wanted) return;
    GError* error = nullptr;
    gchar* made = g_dir_make_tmp("tessera-tls-XXXXXX", &error);
    if (made == nullptr) {
        LOG_ERROR("no temporary folder for TLS: {}", error->message);
        g_error_free(error);
        return;
    }
    path_ = made;
    g_free(made);
    const auto written =
        make_self_signed(path_ + "/cafile.pem", path_ + "/unused_key.pem", "nobody");
    if (!written) LOG_ERROR("no certificate list for TLS: {}", written.error().message);
}

TlsFolder::~TlsFolder() {
    std::error_code ignored;  // it is in the system's folder for such things
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace signaling
